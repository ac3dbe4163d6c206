import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { writeLibtorch } from './fake-libtorch';

const ROOT = path.resolve(__dirname, '../..');

/** Plays cmake-js or node-gyp: notes its call, and makes the two products where the real tool would. */
const FAKE_TOOL = `
  const fs = require('node:fs');
  const path = require('node:path');
  const args = process.argv.slice(2);
  const tool = path.basename(process.argv[1], '.js');
  fs.appendFileSync(process.env.TOOL_LOG, tool + ' ' + args[0] + '\\n');
  const out = tool === 'cmake-js' ? args[args.indexOf('--out') + 1] : path.resolve('build');
  if (args[0] === 'build') {
    if (process.env.TOOL_FAILS) {
      console.error('a.cc:1: error: no such thing');
      process.exit(3);
    }
    fs.mkdirSync(path.join(out, 'Release'), { recursive: true });
    for (const name of ['soo_torch', 'soo_loader']) fs.writeFileSync(path.join(out, 'Release', name + '.node'), tool);
  }
`;

interface Record {
  version: string;
  how: string;
  path: string;
  builtWith: string;
}

/** A package whose build tools only pretend, on a machine with a libtorch of the given version. */
function workplace(root: string) {
  cpSync(path.join(ROOT, 'scripts'), path.join(root, 'scripts'), { recursive: true });
  for (const name of ['CMakeLists.txt', 'binding.gyp', 'package.json'])
    cpSync(path.join(ROOT, name), path.join(root, name));
  mkdirSync(path.join(root, 'native'));
  const source = path.join(root, 'native/a.cc');
  writeFileSync(source, '// a\n');
  for (const tool of ['cmake-js/bin/cmake-js', 'node-gyp/bin/node-gyp.js']) {
    mkdirSync(path.join(root, 'node_modules', path.dirname(tool)), { recursive: true });
    writeFileSync(path.join(root, 'node_modules', tool), FAKE_TOOL);
  }
  mkdirSync(path.join(root, 'bin'));
  writeFileSync(path.join(root, 'bin/cmake'), '#!/bin/sh\n');
  chmodSync(path.join(root, 'bin/cmake'), 0o755);
  const log = path.join(root, 'tools.log');
  const libtorch = writeLibtorch(path.join(root, 'libtorch'));
  const env = { PATH: path.join(root, 'bin'), HOME: root, TOOL_LOG: log, LIBTORCH: libtorch };
  const build = (more: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [path.join(root, 'scripts/build-addon.js')], {
      env: { ...env, ...more },
      encoding: 'utf8',
    });
  /** The tools' calls since the last look. */
  const calls = (): string[] => {
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
    writeFileSync(log, '');
    return lines;
  };
  const product = () => readFileSync(path.join(root, 'build/Release/soo_torch.node'), 'utf8');
  const record = () => JSON.parse(readFileSync(path.join(root, 'build/libtorch.json'), 'utf8')) as Record;
  return { root, source, libtorch, build, calls, product, record };
}

t.test('builds once, tells what it built against, and again when something has changed', async (t) => {
  const { root, source, libtorch, build, calls, record } = workplace(t.testdir());
  const first = build();
  t.equal(first.status, 0, first.stderr);
  t.match(first.stderr, `libtorch 2.13.0+cpu at ${libtorch} (LIBTORCH is set to it)`);
  t.same(calls(), ['cmake-js configure', 'cmake-js build']);
  t.match(record(), { version: '2.13.0+cpu', path: libtorch, how: 'LIBTORCH', builtWith: 'cmake-js' });

  t.equal(build().status, 0);
  t.same(calls(), [], 'nothing has changed');

  writeFileSync(source, '// b\n');
  build();
  t.same(calls(), ['cmake-js configure', 'cmake-js build'], 'a source has changed');

  const moved = path.join(root, 'moved');
  cpSync(libtorch, moved, { recursive: true });
  const trace = path.join(root, 'build/cmake-js/object.o');
  writeFileSync(trace, 'compiled');
  build({ LIBTORCH: moved });
  t.equal(record().path, moved, 'libtorch was moved');
  t.ok(existsSync(trace), 'what is compiled is kept');

  writeLibtorch(moved, { version: '2.14.0+cpu' });
  build({ LIBTORCH: moved });
  t.equal(record().version, '2.14.0+cpu');
  t.notOk(existsSync(trace), 'another version has other headers');
});

t.test('a lost product is built again', async (t) => {
  const { root, build, calls } = workplace(t.testdir());
  build();
  writeFileSync(path.join(root, 'build/libtorch.json'), 'no json');
  calls();
  build();
  t.same(calls(), ['cmake-js configure', 'cmake-js build']);
});

t.test('node-gyp builds where there is no cmake, or where it is asked for', async (t) => {
  const { build, calls, product, record } = workplace(t.testdir());
  t.equal(build({ PATH: '/nothing' }).status, 0);
  t.same(calls(), ['node-gyp configure', 'node-gyp build']);
  t.equal(product(), 'node-gyp');
  t.equal(record().builtWith, 'node-gyp');
  const asked = workplace(t.testdir());
  asked.build({ SOO_TORCH_BUILD_TOOL: 'node-gyp' });
  t.equal(asked.product(), 'node-gyp');
  t.match(asked.build({ SOO_TORCH_BUILD_TOOL: 'make', LIBTORCH: writeLibtorch(path.join(asked.root, 'other')) }), {
    status: 1,
    stderr: /soo: unknown build tool make: cmake-js and node-gyp are supported/,
  });
});

t.test("a failing compiler's words are shown, and the addon built before stays", async (t) => {
  const { source, build, calls, product } = workplace(t.testdir());
  build();
  writeFileSync(source, 'nonsense');
  const failed = build({ TOOL_FAILS: '1' });
  t.equal(failed.status, 1);
  t.match(failed.stderr, /a\.cc:1: error: no such thing\nsoo: cmake-js build failed with code 3/);
  t.equal(product(), 'cmake-js');
  calls();
  build();
  t.same(calls(), ['cmake-js configure', 'cmake-js build'], 'the next run tries again');
});
