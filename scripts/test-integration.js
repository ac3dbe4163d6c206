'use strict';

// `npm run test:integration [-- SAMPLE...]`: the packed tarball in the places where people use it: Jest, Vitest, Yarn's
// Plug'n'Play, pnpm with scripts blocked, and every Node line. Samples lie in test/integration/; what they need comes
// from npm's registry into a temporary folder with a home of its own. Where a sample is about loading, the addon that is
// built here is lent to it; under Plug'n'Play it is built anew.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { cacheFolder } = require('./libtorch/cache');
const { onExit } = require('./on-exit');
const { whenReady, ROOT } = require('./ready');
const { runCommand } = require('./run-command');
const { say } = require('./say');

const NODES = [22, 24, 26];
const FILES = ['test/torch/second-copy.test.ts', 'test/nn/module.test.ts', 'test/statistics.test.ts'];

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'soo-torch-integration-'));
onExit(() => fs.rmSync(work, { recursive: true, force: true }));

/** The variables of here (proxies, certificates), with an empty home and none of npm's and Node's. */
function environment() {
  const home = path.join(work, 'home');
  fs.mkdirSync(home, { recursive: true });
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|INIT_CWD$|XDG_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    ...{ HOME: home, CI: 'true', OMP_NUM_THREADS: '1', SOO_TORCH_CACHE: cacheFolder() },
    ...{ npm_config_registry: registry, YARN_NPM_REGISTRY_SERVER: registry },
  };
}

const env = environment();

/** Runs a command and hands back what it said; an ending other than `code` is an error that shows all of it. */
async function run(cwd, [command, ...args], { code = 0, more = {} } = {}) {
  const ended = await runCommand(command, args, { cwd, env: { ...env, ...more } });
  assert.equal(ended.code, code, `${command} ${args.join(' ')} ended with ${ended.code}:\n${ended.output}`);
  return ended.output;
}

const NPM = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** A project of the sample's files, with a package.json that has nothing but the dependencies. */
function project(sample, dependencies = {}) {
  const folder = path.join(work, sample);
  fs.cpSync(path.join(ROOT, 'test', 'integration', sample), folder, { recursive: true });
  fs.copyFileSync(path.join(ROOT, 'test', 'integration', 'work.js'), path.join(folder, 'work.js'));
  const manifest = { name: `sample-${sample}`, version: '1.0.0', private: true, dependencies };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

/** Lends the addon that is built here to an installed package. */
function lendAddon(folder) {
  const target = path.join(fs.realpathSync(path.join(folder, 'node_modules', 'soo-torch')), 'build');
  fs.mkdirSync(target, { recursive: true });
  for (const name of ['Release', 'libtorch.json'])
    fs.cpSync(path.join(ROOT, 'build', name), path.join(target, name), { recursive: true });
}

async function jest(tarball) {
  const folder = project('jest');
  await run(folder, [...NPM, tarball, 'jest@30']);
  lendAddon(folder);
  for (let copy = 2; copy <= 5; copy++)
    fs.copyFileSync(path.join(folder, 'one.test.js'), path.join(folder, `copy-${copy}.test.js`));
  for (const how of [['--maxWorkers=2'], ['--runInBand']]) {
    const output = await run(folder, ['npx', 'jest', ...how]);
    assert.match(output, /Test Suites: 5 passed, 5 total/);
  }
}

async function vitest(tarball) {
  const folder = project('vitest');
  await run(folder, [...NPM, tarball, 'vitest@3']);
  lendAddon(folder);
  for (let copy = 2; copy <= 3; copy++)
    fs.copyFileSync(path.join(folder, 'one.test.mjs'), path.join(folder, `copy-${copy}.test.mjs`));
  for (const pool of ['forks', 'threads']) {
    const output = await run(folder, ['npx', 'vitest', 'run', `--pool=${pool}`], { more: { NO_COLOR: '1' } });
    assert.match(output, /Test Files +3 passed \(3\)/);
  }
}

async function yarnPnp(tarball) {
  const folder = project('yarn-pnp', { 'soo-torch': `file:${tarball}` });
  fs.copyFileSync(path.join(ROOT, 'test', 'integration', 'node', 'require.js'), path.join(folder, 'require.js'));
  const tool = path.join(work, 'yarn');
  fs.mkdirSync(tool);
  await run(tool, [...NPM, '@yarnpkg/cli-dist@4']);
  const yarn = ['node', path.join(tool, 'node_modules', '@yarnpkg', 'cli-dist', 'bin', 'yarn.js')];
  // Without scripts first: the error names a command that builds here too.
  await run(folder, [...yarn, 'install'], { more: { YARN_ENABLE_SCRIPTS: '0' } });
  const refused = await run(folder, [...yarn, 'node', 'require.js'], { code: 1 });
  const command = /blocks: yarn (node \S+build-addon\.js)/.exec(refused)?.[1];
  assert.ok(command, `no command that builds is named:\n${refused}`);
  await run(folder, [...yarn, ...command.split(' ')]);
  await run(folder, [...yarn, 'node', 'require.js']);
  await run(folder, [...yarn, 'soo', 'doctor']);
}

async function pnpm(tarball) {
  const folder = project('pnpm', { 'soo-torch': `file:${tarball}` });
  const node = path.join(ROOT, 'test', 'integration', 'node');
  for (const file of fs.readdirSync(node)) fs.copyFileSync(path.join(node, file), path.join(folder, file));
  const tool = path.join(work, 'pnpm-itself');
  fs.mkdirSync(tool);
  await run(tool, [...NPM, 'pnpm@10']);
  await run(folder, ['node', path.join(tool, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs'), 'install']);
  const refused = await run(folder, ['node', 'require.js'], { code: 1 });
  const command = /blocks: (node \S+build-addon\.js)/.exec(refused)?.[1];
  assert.equal(command, 'node node_modules/soo-torch/scripts/build-addon.js', refused);
  assert.match(await run(folder, ['node_modules/.bin/soo', 'doctor'], { code: 1 }), new RegExp(`fix: ${command}`));
  lendAddon(folder);
  await run(folder, command.split(' ')); // finds the lent addon fresh
  await run(folder, ['node', 'require.js']);
  await run(folder, ['node_modules/.bin/soo', 'doctor']);
}

/** Of tap's last lines: how many tests ran, and how many passed. */
const counted = (output) => /# \{ total: (\d+), pass: (\d+) \}/.exec(output)?.slice(1).map(Number);

async function nodes(tarball) {
  const folder = project('node');
  await run(folder, [...NPM, tarball]);
  lendAddon(folder);
  const tap = path.join(path.dirname(require.resolve('tap/package.json')), 'dist', 'esm', 'run.mjs');
  // The tests run in the checkout; npm's own home and npx are no part of it.
  const tests = async (node) => counted(await run(ROOT, [node, tap, ...FILES]));
  const wanted = await tests(process.execPath);
  assert.ok(wanted?.[0] > 50 && wanted[0] === wanted[1], `here ${wanted} tests ran and passed`);
  const place = path.join(work, 'nodes');
  fs.mkdirSync(place);
  for (const line of NODES) {
    const name = `node-linux-${process.arch}`;
    await run(place, [...NPM, '--no-save', `node-${line}@npm:${name}@${line}`]);
    const node = path.join(place, 'node_modules', `node-${line}`, 'bin', 'node');
    for (const file of ['require.js', 'import.mjs']) await run(folder, [node, file]);
    assert.deepEqual(await tests(node), wanted, `Node ${line}: tests that ran and passed, beside those here`);
  }
}

const SAMPLES = { jest, vitest, pnpm, nodes, 'yarn-pnp': yarnPnp };

async function main(names) {
  const unknown = names.find((name) => !Object.hasOwn(SAMPLES, name));
  if (unknown) throw new Error(`there is no sample ${unknown}: ${Object.keys(SAMPLES).join(', ')}`);
  await run(ROOT, ['npm', 'pack', '--ignore-scripts', '--pack-destination', work]);
  const tarball = path.join(
    work,
    fs.readdirSync(work).find((name) => name.endsWith('.tgz')),
  );
  for (const name of names.length > 0 ? names : Object.keys(SAMPLES)) {
    const begun = Date.now();
    await SAMPLES[name](tarball);
    say(`integration: ${name} works (${((Date.now() - begun) / 1000).toFixed(0)} s)`);
  }
  return 0;
}

whenReady(() => main(process.argv.slice(2)));
