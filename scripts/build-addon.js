'use strict';

// Builds native/*.cc against libtorch into build/Release/soo_torch.node, and records in build/libtorch.json which
// libtorch that was. Does nothing when neither the sources nor libtorch have changed.
//
//   node scripts/build-addon.js [--force] [--tool cmake-js|node-gyp]

const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { findLibtorch, sayChoice } = require('./libtorch/find');
const { withLock } = require('./lock');
const { nativeSources } = require('./native-sources');
const { runCommand } = require('./run-command');
const { progress, say } = require('./say');

const ROOT = path.resolve(__dirname, '..');
const BUILD = path.join(ROOT, 'build');
const RELEASE = path.join(BUILD, 'Release');
// The addon, and the small library that opens libtorch before it.
const PRODUCTS = ['soo_torch.node', 'soo_loader.node'];
const RECORD = path.join(BUILD, 'libtorch.json');
const NAPI_VERSION = 9;

/** What the addon is made from, as one hash: when it is unchanged, so is the addon. */
function keyOf(libtorch) {
  const hash = crypto.createHash('sha256');
  hash.update(JSON.stringify([libtorch.path, libtorch.version, NAPI_VERSION, process.platform, process.arch]));
  const native = fs.readdirSync(path.join(ROOT, 'native'), { recursive: true }).map((name) => `native/${name}`);
  for (const name of [...native.sort(), 'CMakeLists.txt', 'binding.gyp']) {
    if (fs.statSync(path.join(ROOT, name)).isDirectory()) continue;
    hash.update(`\0${name}\0`).update(fs.readFileSync(path.join(ROOT, name)));
  }
  return hash.digest('hex');
}

function readRecord() {
  try {
    return JSON.parse(fs.readFileSync(RECORD, 'utf8'));
  } catch {
    return null;
  }
}

function isFresh(key) {
  return PRODUCTS.every((name) => fs.existsSync(path.join(RELEASE, name))) && readRecord()?.key === key;
}

function hasCommand(command) {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function resolveOrNull(name) {
  try {
    return require.resolve(name, { paths: [ROOT] });
  } catch {
    return null;
  }
}

function findTool(wanted) {
  const cmakeJs = resolveOrNull('cmake-js/bin/cmake-js');
  // npm brings its own node-gyp and names it to the scripts it runs.
  const nodeGyp = resolveOrNull('node-gyp/bin/node-gyp.js') ?? process.env.npm_config_node_gyp;
  const hasCmake = cmakeJs && hasCommand('cmake');
  if (wanted === 'cmake-js' || (!wanted && hasCmake)) return { name: 'cmake-js', script: cmakeJs };
  if (wanted === 'node-gyp' || (!wanted && nodeGyp)) return { name: 'node-gyp', script: nodeGyp };
  throw new Error(
    wanted
      ? `unknown build tool ${wanted}: cmake-js and node-gyp are supported`
      : 'neither cmake nor node-gyp was found: install cmake (Debian, Ubuntu: apt-get install cmake g++)',
  );
}

/** Turns the tools' own lines into "3 of 12 dispatch.cc"; lines that tell no progress come back as null. */
function progressOf(line, counter) {
  const cmake = /^\[\s*(\d+)(?:\/(\d+)|%)\] (.*)$/.exec(line);
  if (cmake) {
    const [, at, of, what] = cmake;
    return `${of ? `${at} of ${of}` : `${at}%`} ${path.basename(what.trim()).replace(/\.o$/, '')}`;
  }
  const gyp = /^\s*(?:CXX|SOLINK_MODULE)\(target\) (.*)$/.exec(line);
  if (!gyp) return null;
  counter.done += 1;
  return `${counter.done} ${path.basename(gyp[1]).replace(/\.o$/, '')}`;
}

async function runTool(label, cwd, script, args) {
  const step = progress(label);
  const counter = { done: 0 };
  const onLine = (line) => {
    const text = progressOf(line, counter);
    if (text) step.update(text);
  };
  // The builds call `node`, and it shall be this one. NODE_OPTIONS could load what is not there yet.
  const search = [path.dirname(process.execPath), process.env.PATH].filter(Boolean).join(path.delimiter);
  const env = { ...process.env, PATH: search, NODE_OPTIONS: '', CMAKE_COLOR_DIAGNOSTICS: 'OFF' };
  const started = Date.now();
  const { code, output } = await runCommand(process.execPath, [script, ...args], { cwd, env, onLine });
  if (code !== 0) {
    step.done('failed');
    say(output.trimEnd());
    throw new Error(`${path.basename(script)} ${args[0]} failed with code ${code}; its output is above`);
  }
  step.done(`${((Date.now() - started) / 1000).toFixed(1)} s`);
  for (const line of output.split('\n')) if (/warning:/.test(line)) say(line);
}

/**
 * The tool's own folder below build/, emptied when what lies there was compiled against another version: the tools
 * go by the age of headers, and headers out of an archive are always old.
 */
function toolFolder(name, version) {
  const folder = path.join(BUILD, name);
  const stamp = path.join(folder, '.libtorch-version');
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== version) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(stamp, version);
  }
  return folder;
}

/** A name for libtorch that stays the same when it moves, so that nothing is compiled anew for that. */
function linkTo(libtorch) {
  const link = path.join(BUILD, 'libtorch');
  fs.rmSync(`${link}.new`, { force: true });
  fs.symlinkSync(libtorch, `${link}.new`);
  fs.renameSync(`${link}.new`, link);
  return link;
}

async function buildWithCmakeJs(script, folder, libtorch, jobs) {
  const settings = ['--out', folder, '--log-level', 'error', `--CDLIBTORCH=${libtorch}`];
  await runTool('addon: configuring with cmake-js', ROOT, script, ['configure', ...settings]);
  await runTool('addon: compiling with cmake-js', ROOT, script, ['build', ...settings, '--parallel', String(jobs)]);
  return path.join(folder, 'Release');
}

/** The folder above include/node where this Node brings its headers along: then nothing is downloaded. */
function headersFolder() {
  const prefix = path.resolve(fs.realpathSync(process.execPath), '..', '..');
  return fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h')) ? prefix : null;
}

async function buildWithNodeGyp(script, folder, libtorch, jobs) {
  // node-gyp always builds into `build` beside binding.gyp: it gets a folder in which everything else is a link.
  for (const name of ['binding.gyp', 'native', 'package.json', 'scripts']) {
    fs.rmSync(path.join(folder, name), { force: true });
    fs.symlinkSync(path.join(ROOT, name), path.join(folder, name));
  }
  const headers = headersFolder();
  const settings = ['--release', ...(headers ? [`--nodedir=${headers}`] : [])];
  const configure = ['configure', ...settings, '--', `-Dlibtorch=${libtorch}`];
  await runTool('addon: configuring with node-gyp', folder, script, configure);
  await runTool('addon: compiling with node-gyp', folder, script, ['build', ...settings, '-j', String(jobs)]);
  return path.join(folder, 'build', 'Release');
}

/** Moves what was built into place by renaming: a running process keeps the files it has mapped. */
function putInPlace(folder) {
  fs.mkdirSync(RELEASE, { recursive: true });
  for (const name of PRODUCTS) {
    const aside = path.join(RELEASE, `${name}.${process.pid}`);
    fs.copyFileSync(path.join(folder, name), aside);
    fs.renameSync(aside, path.join(RELEASE, name));
  }
}

function writeRecord(libtorch, key, builtWith) {
  const aside = `${RECORD}.${process.pid}`;
  fs.writeFileSync(aside, `${JSON.stringify({ ...libtorch, builtWith, key }, null, 2)}\n`);
  fs.renameSync(aside, RECORD);
}

/**
 * Finds or fetches libtorch and builds the addon if it is not fresh. Returns what build/libtorch.json holds:
 * { path, version, cuda, how, reason, builtWith, key }.
 */
async function buildAddon({ force = false, tool: wantedTool = process.env.SOO_TORCH_BUILD_TOOL } = {}) {
  const libtorch = await findLibtorch();
  sayChoice(libtorch);
  const key = keyOf(libtorch);
  if (!force && isFresh(key)) return readRecord();
  await withLock(path.join(BUILD, '.lock'), 'building the addon', async () => {
    if (!force && isFresh(key)) return;
    const tool = findTool(wantedTool);
    const build = tool.name === 'cmake-js' ? buildWithCmakeJs : buildWithNodeGyp;
    const folder = toolFolder(tool.name, libtorch.version);
    putInPlace(await build(tool.script, folder, linkTo(libtorch.path), os.availableParallelism()));
    writeRecord(libtorch, key, tool.name);
    say(`addon built: ${path.relative(ROOT, RELEASE)} (${nativeSources().length} source files, ${tool.name})`);
  });
  return readRecord();
}

module.exports = { buildAddon, RECORD };

if (require.main === module) {
  const flags = process.argv.slice(2);
  const at = flags.indexOf('--tool');
  buildAddon({ force: flags.includes('--force'), ...(at >= 0 && { tool: flags[at + 1] }) }).catch((error) => {
    say(`soo: ${error.message}`);
    process.exitCode = 1;
  });
}
