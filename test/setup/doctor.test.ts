import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { asAnotherUser, strangers } from './bare-process';
import { writeLibtorch } from './fake-libtorch';

const ROOT = path.resolve(__dirname, '../..');

interface Report {
  node: string;
  addon: { built: boolean; loads: boolean };
  libtorch: { version: string | null; path: string | null; how: string | null };
  devices: string[];
  cuda: { version: string | null; devices: number; problem: string | null; allowTf32: boolean } | null;
  threads: number | null;
  problems: { what: string; fix: string }[];
}

/** The built `soo` of the package in `root`, on a machine with an empty cache and no Python. */
function soo(root: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd = root) {
  const own = { HOME: root, SOO_TORCH_CACHE: path.join(root, 'cache'), PYTHON: '/no/python', PATH: process.env.PATH };
  const ran = spawnSync(process.execPath, [path.join(root, 'bin/soo.js'), ...args], {
    encoding: 'utf8',
    env: { ...own, ...env },
    cwd,
  });
  const json = (): Report => JSON.parse(ran.stdout) as Report;
  return { ...ran, json };
}

function copyUnbuilt(root: string): void {
  for (const name of ['bin', 'dist', 'scripts', 'package.json']) {
    cpSync(path.join(ROOT, name), path.join(root, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
}

/** A copy of the package in which dist is there and the addon is not. */
function unbuilt(test: Pick<typeof t, 'testdir'>): string {
  const root = test.testdir();
  copyUnbuilt(root);
  return root;
}

/** Pretends a build against `libtorch` whose addon is no library. */
function pretendBuild(root: string, libtorch: string): void {
  mkdirSync(path.join(root, 'build/Release'), { recursive: true });
  const record = { path: libtorch, version: '2.13.0+cpu', how: 'cache', reason: 'the cache has it' };
  writeFileSync(path.join(root, 'build/libtorch.json'), JSON.stringify(record));
  for (const name of ['soo_torch', 'soo_loader']) writeFileSync(path.join(root, `build/Release/${name}.node`), 'no');
}

t.test('with everything in place', async (t) => {
  const { status, json, stderr } = soo(ROOT, ['doctor', '--json', '--threads', '1']);
  t.equal(status, 0, stderr);
  const report = json();
  t.match(report, { node: process.versions.node, addon: { built: true, loads: true }, threads: 1, problems: [] });
  t.match(report.libtorch, { version: /^2\.\d+/, path: String, how: String });
  t.equal(report.devices[0], 'cpu');
  t.equal(report.cuda?.devices, report.devices.filter((device) => device.startsWith('cuda')).length);
  t.equal(report.cuda?.problem === null, report.cuda?.devices !== 0, 'a reason where there is no GPU');
  t.equal(report.cuda?.allowTf32, false);
  const text = soo(ROOT, ['doctor']);
  t.match(text.stdout, /libtorch +2\.\d+[^]*CUDA +built[^]*Everything (but a GPU )?is in place/);
});

t.test('with nothing built and no libtorch', async (t) => {
  const root = unbuilt(t);
  const { status, json } = soo(root, ['doctor', '--json']);
  t.equal(status, 1);
  t.match(json(), { addon: { built: false }, libtorch: { version: null, path: null, how: null }, threads: null });
  t.same([json().devices, json().cuda], [[], null]);
  t.same(
    json().problems.map(({ what }) => what),
    ['no libtorch is on this machine yet', 'the addon is not built'],
  );
  for (const { fix } of json().problems) t.match(fix, `npm --prefix ${root} run build`);
  const bare = soo(root, ['doctor', '--json'], { PATH: '/nothing' }).json().problems;
  t.match(
    bare.map(({ what }) => what),
    ['no libtorch', 'a C++ compiler is missing', 'cmake is missing', 'make is missing', 'the addon is not built'].map(
      (begin) => new RegExp(`^${begin.replaceAll('+', '\\+')}`),
    ),
  );
  t.match(bare[1].fix, /apt-get install cmake make g\+\+/);
  t.match(soo(root, ['doctor']).stdout, /problem: the addon is not built\n +fix: npm --prefix/);
});

t.test('with a libtorch that a build would use', async (t) => {
  const root = unbuilt(t);
  const libtorch = writeLibtorch(path.join(root, 'cache/libtorch-2.13.0+cpu'));
  const { status, json } = soo(root, ['doctor', '--json']);
  t.equal(status, 1);
  t.match(json(), { libtorch: { version: '2.13.0+cpu', path: libtorch, how: 'cache' } });
  t.match(json().problems, [{ what: 'the addon is not built' }]);
});

t.test('with a libtorch that went away, that LIBTORCH names wrongly, and an addon that does not load', async (t) => {
  const root = unbuilt(t);
  pretendBuild(root, path.join(root, 'gone'));
  t.match(soo(root, ['doctor', '--json']).json().problems, [
    { what: /gone: there is no such folder/, fix: /run build/ },
  ]);
  const wrong = soo(root, ['doctor', '--json'], { LIBTORCH: root }).json();
  t.match(wrong.problems, [{ what: /it has no lib\/libtorch\.so/, fix: /unset LIBTORCH/ }]);
  pretendBuild(root, writeLibtorch(path.join(root, 'libtorch')));
  const { status, json } = soo(root, ['doctor', '--json']);
  t.equal(status, 1);
  t.match(json().problems, [{ what: /^the addon does not load: / }]);
});

t.test('installed, the fix is a command that no package manager blocks', async (t) => {
  const project = t.testdir();
  const root = path.join(project, 'node_modules/soo-torch');
  copyUnbuilt(root);
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }');
  const fix = 'node node_modules/soo-torch/scripts/build-addon.js';
  t.match(soo(root, ['doctor', '--json'], {}, project).json().problems.at(-1), { what: 'the addon is not built', fix });
  const required = spawnSync(process.execPath, ['-e', "require('soo-torch')"], { cwd: project, encoding: 'utf8' });
  t.match(required.stderr, `Error: soo-torch cannot start: the native addon is not built; this builds it`);
  t.match(required.stderr, `: ${fix} (npx soo doctor`);
  const store = path.join(project, 'store/node_modules/soo-torch');
  cpSync(root, store, { recursive: true, verbatimSymlinks: true });
  t.match(soo(store, ['doctor', '--json'], {}, project).json().problems.at(-1), {
    fix: 'node store/node_modules/soo-torch/scripts/build-addon.js',
  });
});

t.test("a libtorch in another user's cache that this one may not read", strangers, async (t) => {
  const root = unbuilt(t);
  const home = path.join(root, 'home');
  pretendBuild(root, writeLibtorch(path.join(home, 'cache/libtorch')));
  chmodSync(home, 0);
  const env = { HOME: '/nothing', PATH: process.env.PATH };
  const { stdout } = asAnotherUser([path.join(root, 'bin/soo.js'), 'doctor', '--json'], env);
  t.match((JSON.parse(stdout) as Report).problems, [
    {
      what: `this user may not read ${home}`,
      fix: /SOO_TORCH_CACHE=\/a\/folder\/for\/all npm --prefix .* as the owner/,
    },
  ]);
  const required = asAnotherUser(['-e', `require(${JSON.stringify(path.join(root, 'dist'))})`], env);
  chmodSync(home, 0o755);
  t.match(required.stderr, `soo-torch cannot start: this user may not read ${home}, where libtorch lies; its owner`);
});

t.test('the command itself says how to build what is not built', async (t) => {
  const root = t.testdir();
  cpSync(path.join(ROOT, 'bin'), path.join(root, 'bin'), { recursive: true });
  const { status, stdout, stderr } = soo(root, ['doctor']);
  t.match(
    { status, stdout, stderr },
    { status: 1, stdout: '', stderr: /^soo: not built yet .*: run `npm run build` in / },
  );
});
