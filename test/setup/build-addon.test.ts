import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { asAnotherUser, runBare, strangers } from './bare-process';
import { writeLibtorch } from './fake-libtorch';

const ROOT = path.resolve(__dirname, '../..');
const PACKAGES = path.join(ROOT, 'node_modules');

/** Plays cmake or node-gyp: notes its call, and makes the two products where the real tool would. */
const FAKE_TOOL = `#!${process.execPath}
  const fs = require('node:fs');
  const path = require('node:path');
  const tool = path.basename(process.argv[1], '.js');
  const args = process.argv.slice(2);
  if (args[0] === '--version') process.exit(0);
  const named = { '-S': 'configure', '--build': 'build' }[args[0]] ?? args[0];
  fs.appendFileSync(process.env.TOOL_LOG, tool + ' ' + named + '\\n');
  const out = tool === 'cmake' ? args[args.indexOf('--build') + 1] : path.resolve('build', 'Release');
  if (named === 'build') {
    if (process.env.TOOL_FAILS) {
      console.error('a.cc:1: error: no such thing');
      process.exit(3);
    }
    fs.mkdirSync(out, { recursive: true });
    const made = process.env.TOOL_MAKES ? process.env[process.env.TOOL_MAKES] : tool;
    for (const name of ['soo_torch', 'soo_loader']) fs.writeFileSync(path.join(out, name + '.node'), made);
  } else if (tool === 'cmake') {
    // As cmake does: a folder configured for one place is refused for another.
    const cache = path.join(args[args.indexOf('-B') + 1], 'CMakeCache.txt');
    if (fs.existsSync(cache) && fs.readFileSync(cache, 'utf8') !== args[1]) process.exit(1);
    fs.writeFileSync(cache, args[1]);
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
  const packages = path.join(root, 'node_modules');
  mkdirSync(path.join(packages, 'node-gyp/bin'), { recursive: true });
  writeFileSync(path.join(packages, 'node-gyp/bin/node-gyp.js'), FAKE_TOOL);
  for (const name of ['node-addon-api', 'node-api-headers'])
    symlinkSync(path.join(PACKAGES, name), path.join(packages, name));
  mkdirSync(path.join(root, 'bin'));
  for (const [name, text] of Object.entries({ cmake: FAKE_TOOL, make: '#!/bin/sh\n', 'c++': '#!/bin/sh\n' }))
    writeFileSync(path.join(root, 'bin', name), text, { mode: 0o755 });
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
  return { root, source, libtorch, env, build, calls, product, record };
}

t.test('builds once, tells what it built against, and again when something has changed', async (t) => {
  const { root, source, libtorch, build, calls, record } = workplace(t.testdir());
  const first = build();
  t.equal(first.status, 0, first.stderr);
  t.match(first.stderr, `libtorch 2.13.0+cpu at ${libtorch} (LIBTORCH is set to it)`);
  t.same(calls(), ['cmake configure', 'cmake build']);
  t.match(record(), { version: '2.13.0+cpu', path: libtorch, how: 'LIBTORCH', builtWith: 'cmake' });

  t.equal(build().status, 0);
  t.same(calls(), [], 'nothing has changed');

  writeFileSync(source, '// b\n');
  build();
  t.same(calls(), ['cmake configure', 'cmake build'], 'a source has changed');

  const moved = path.join(root, 'moved');
  cpSync(libtorch, moved, { recursive: true });
  const trace = path.join(root, 'build/cmake/object.o');
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
  t.same(calls(), ['cmake configure', 'cmake build']);
});

t.test('node-gyp builds where there is no cmake, or where it is asked for', async (t) => {
  const { root, build, calls, product, record } = workplace(t.testdir());
  rmSync(path.join(root, 'bin/cmake'));
  t.equal(build().status, 0);
  t.same(calls(), ['node-gyp configure', 'node-gyp build']);
  t.equal(product(), 'node-gyp');
  t.equal(record().builtWith, 'node-gyp');
  const asked = workplace(t.testdir());
  asked.build({ SOO_TORCH_BUILD_TOOL: 'node-gyp' });
  t.equal(asked.product(), 'node-gyp');
  t.match(asked.build({ SOO_TORCH_BUILD_TOOL: 'make', LIBTORCH: writeLibtorch(path.join(asked.root, 'other')) }), {
    status: 1,
    stderr: /soo: unknown build tool make: cmake and node-gyp are supported/,
  });
});

t.test("a failing compiler's words are shown, and the addon built before stays", async (t) => {
  const { source, build, calls, product } = workplace(t.testdir());
  build();
  writeFileSync(source, 'nonsense');
  const failed = build({ TOOL_FAILS: '1' });
  t.equal(failed.status, 1);
  t.match(failed.stderr, /a\.cc:1: error: no such thing\nsoo: compiling with cmake failed with code 3/);
  t.equal(product(), 'cmake');
  calls();
  build();
  t.same(calls(), ['cmake configure', 'cmake build'], 'the next run tries again');
});

t.test('without tools, one line says which, and how to get them', async (t) => {
  const { root, build, calls } = workplace(t.testdir());
  for (const name of ['cmake', 'make', 'c++']) rmSync(path.join(root, 'bin', name));
  const INSTALL = '(Debian, Ubuntu: apt-get install cmake make g++)';
  const last = (stderr: string) => stderr.trimEnd().split('\n').at(-1);
  const nothing = build();
  t.equal(nothing.status, 1);
  t.equal(last(nothing.stderr), `soo: to build the addon, a C++ compiler and cmake and make is missing ${INSTALL}`);
  t.equal(last(build({ CXX: 'my-c++ -O2' }).stderr)?.includes('the C++ compiler my-c++ (CXX)'), true);
  t.same(calls(), []);
});

t.test('a checkout that was moved or copied is built again', async (t) => {
  const { root, build } = workplace(path.join(t.testdir(), 'here'));
  t.equal(build().status, 0);
  const there = path.join(path.dirname(root), 'there');
  cpSync(root, there, { recursive: true, verbatimSymlinks: true });
  const env = { PATH: path.join(there, 'bin'), HOME: there, TOOL_LOG: path.join(there, 'tools.log') };
  const again = spawnSync(process.execPath, [path.join(there, 'scripts/build-addon.js'), '--force'], {
    env: { ...env, LIBTORCH: path.join(there, 'libtorch') },
    encoding: 'utf8',
  });
  t.equal(again.status, 0, again.stderr);
});

t.test("Yarn's Plug'n'Play keeps its NODE_OPTIONS, and others are not handed to the tools", async (t) => {
  for (const pnp of [true, false]) {
    const { root, env, product } = workplace(path.join(t.testdir(), String(pnp)));
    const hook = path.join(root, 'yarn.js');
    writeFileSync(hook, pnp ? 'Object.defineProperty(process.versions, "pnp", { value: "3" })' : '');
    const options = { NODE_OPTIONS: `--require=${hook}`, TOOL_MAKES: 'NODE_OPTIONS' };
    t.match(runBare([path.join(root, 'scripts/build-addon.js')], { ...env, ...options }), { status: 0 });
    t.equal(product().includes('yarn.js'), pnp);
  }
});

t.test('another user runs what was built, where they may read and not write', strangers, async (t) => {
  const { root, build, calls } = workplace(t.testdir());
  build();
  calls();
  const folder = path.join(root, 'build');
  chmodSync(folder, 0o555);
  const other = asAnotherUser([path.join(root, 'scripts/build-addon.js')], {
    PATH: path.join(root, 'bin'),
    HOME: '/nothing',
  });
  chmodSync(folder, 0o755);
  t.match(other, { status: 0, stderr: '' }, 'nothing is looked for, fetched or built');
});
