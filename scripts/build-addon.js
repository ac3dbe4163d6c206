'use strict';

// Builds native/*.cc against libtorch into build/Release/soo_torch.node, and records in build/libtorch.json which
// libtorch that was. Does nothing when neither the sources nor libtorch have changed.
//
//   node scripts/build-addon.js [--force] [--tool cmake|node-gyp]

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { findTool } = require('./build-tools');
const { compileAddon } = require('./compile-addon');
const { buildCuda } = require('./compile-cuda');
const { findLibtorch, sayChoice } = require('./libtorch/find');
const { withLock } = require('./lock');
const { nativeSources } = require('./native-sources');
const { say } = require('./say');

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

/**
 * The tool's own folder below build/, emptied when what lies there was compiled against another version (the tools go
 * by the age of headers, and headers out of an archive are always old) or in another place (cmake refuses that).
 */
function toolFolder(name, version) {
  const folder = path.join(BUILD, name);
  const stamp = path.join(folder, '.made-for');
  const here = `${version} in ${ROOT}`;
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== here) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(stamp, here);
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

/** What another user has built where this one may not write has to do as it is; null where nothing else can be told. */
function builtByAnother() {
  const record = readRecord();
  if (!record || !isFresh(keyOf(record))) return null;
  try {
    fs.accessSync(BUILD, fs.constants.W_OK);
    return null;
  } catch {
    return record;
  }
}

/**
 * Finds or fetches libtorch and builds the addon if it is not fresh. Returns what build/libtorch.json holds:
 * { path, version, cuda, how, reason, leftOut, builtWith, key }.
 */
async function buildAddon({ force = false, tool: wantedTool = process.env.SOO_TORCH_BUILD_TOOL } = {}) {
  const another = force ? null : builtByAnother();
  if (another) return another;
  const libtorch = await findLibtorch();
  sayChoice(libtorch);
  const key = keyOf(libtorch);
  if (!force && isFresh(key)) return readRecord();
  await withLock(path.join(BUILD, '.lock'), 'building the addon', async () => {
    if (!force && isFresh(key)) return;
    const tool = findTool(wantedTool);
    const folder = toolFolder(tool.name, libtorch.version);
    putInPlace(await compileAddon(tool, folder, linkTo(libtorch.path)));
    const leftOut = await buildCuda(RELEASE, libtorch);
    writeRecord({ ...libtorch, leftOut }, key, tool.name);
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
