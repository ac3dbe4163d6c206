'use strict';

// Compiles lib/ to dist/: operator declarations out of the addon, tsc, and the ESM wrapper. The result is put
// together aside and renamed, so that dist/ is always whole. Does nothing when its sources have not changed.
//
//   node scripts/build-dist.js [--force] [--if-possible]

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { RECORD } = require('./build-addon');
const { writeEsmWrapper } = require('./esm-wrapper');
const { withLock } = require('./lock');
const { onExit } = require('./on-exit');
const { runCommand } = require('./run-command');
const { progress, say } = require('./say');

const ROOT = path.resolve(__dirname, '..');
const DIST = path.join(ROOT, 'dist');
const STAMP = path.join(DIST, '.made-from');
const GENERATE_TYPES = path.join(ROOT, 'scripts', 'generate-types.js');
const GENERATED = /\.generated\.ts$/;

function filesOf(folder) {
  const entries = fs.readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** Everything that dist/ is made from, as one hash; the addon is in it because the declarations come out of it. */
function keyOf() {
  const hash = crypto.createHash('sha256').update(JSON.parse(fs.readFileSync(RECORD, 'utf8')).key);
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/esm-wrapper.js'];
  const sources = [...filesOf('lib').filter((name) => !GENERATED.test(name)), ...settings];
  if (fs.existsSync(GENERATE_TYPES)) sources.push(path.relative(ROOT, GENERATE_TYPES));
  for (const name of sources) hash.update(`\0${name}\0`).update(fs.readFileSync(path.join(ROOT, name)));
  return hash.digest('hex');
}

function isFresh(key) {
  try {
    return fs.readFileSync(STAMP, 'utf8') === key;
  } catch {
    return false;
  }
}

async function runStep(label, args) {
  const step = progress(label);
  const started = Date.now();
  const timer = setInterval(() => step.update(`${Math.round((Date.now() - started) / 1000)} s`), 1000);
  const { code, output } = await runCommand(process.execPath, args, { cwd: ROOT });
  clearInterval(timer);
  if (code !== 0) {
    step.done('failed');
    say(output.trimEnd());
    throw new Error(`${label} failed with code ${code}; its output is above`);
  }
  step.done(`${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** What tsc leaves alone: data files and hand-written .d.ts. */
function copyOthers(target) {
  for (const name of filesOf('lib').filter((each) => !each.endsWith('.ts') || each.endsWith('.d.ts'))) {
    const place = path.join(target, path.relative('lib', name));
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.copyFileSync(path.join(ROOT, name), place);
  }
}

async function compile(key) {
  if (fs.existsSync(GENERATE_TYPES)) await runStep('operator declarations', [GENERATE_TYPES]);
  const target = fs.mkdtempSync(path.join(ROOT, '.dist-'));
  const remove = () => fs.rmSync(target, { recursive: true, force: true });
  const forget = onExit(remove);
  try {
    const tsc = require.resolve('typescript/bin/tsc', { paths: [ROOT] });
    await runStep('dist: compiling', [tsc, '-p', 'tsconfig.build.json', '--outDir', target]);
    copyOthers(target);
    await writeEsmWrapper(target);
    fs.writeFileSync(path.join(target, path.basename(STAMP)), key);
    // A temporary folder is its maker's alone; what others may read is theirs to run.
    fs.chmodSync(target, 0o777 & ~process.umask());
    fs.rmSync(DIST, { recursive: true, force: true });
    fs.renameSync(target, DIST);
  } finally {
    forget();
    remove();
  }
}

/** Compiles lib/ to dist/ unless dist/ is fresh. The addon must have been built. */
async function buildDist({ force = false } = {}) {
  const key = keyOf();
  if (!force && isFresh(key)) return;
  await withLock(path.join(ROOT, 'build', '.dist-lock'), 'compiling dist', async () => {
    if (force || !isFresh(key)) await compile(key);
  });
}

function whyImpossible() {
  if (!fs.existsSync(RECORD)) return 'the addon is not built';
  try {
    require.resolve('typescript/bin/tsc', { paths: [ROOT] });
    return null;
  } catch {
    return 'typescript is not installed';
  }
}

module.exports = { buildDist };

if (require.main === module) {
  const flags = process.argv.slice(2);
  const obstacle = flags.includes('--if-possible') ? whyImpossible() : null;
  if (obstacle) {
    say(`dist is not compiled: ${obstacle}`);
  } else {
    buildDist({ force: flags.includes('--force') }).catch((error) => {
      say(`soo: ${error.message}`);
      process.exitCode = 1;
    });
  }
}
