'use strict';

// Brings a checkout to the point where it can run: npm dependencies, libtorch, addon, declarations, dist.
// Each step looks first whether anything has changed. Nothing here may need an npm package before the first step.

const fs = require('node:fs');
const path = require('node:path');
const { runCommand } = require('./run-command');
const { progress, say } = require('./say');

const ROOT = path.resolve(__dirname, '..');

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Names of packages that package-lock.json wants and node_modules lacks or has in another version. */
function missingDependencies(root = ROOT) {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages ?? {};
  const installed = readJson(path.join(root, 'node_modules', '.package-lock.json'))?.packages ?? {};
  return Object.entries(wanted)
    .filter(([name, { optional, version }]) => name && !optional && installed[name]?.version !== version)
    .map(([name]) => name.replace(/^node_modules\//, ''));
}

/** npm empties the folder that a link leads to, and with it the packages of another checkout. */
function refuseLink(root = ROOT) {
  const folder = path.join(root, 'node_modules');
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const target = fs.readlinkSync(folder);
  throw new Error(`node_modules is a link to ${target}, which lacks packages: run npm ci there, or remove the link`);
}

async function installDependencies() {
  const missing = missingDependencies();
  if (missing.length === 0) return;
  refuseLink();
  const step = progress(`npm ci (${missing.length} packages missing)`);
  const started = Date.now();
  const timer = setInterval(() => step.update(`${Math.round((Date.now() - started) / 1000)} s`), 1000);
  // Our own install script stays out: the steps that follow do its work and show how far they are.
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
  // npm tells its scripts where it is itself; a plain `node scripts/start.js` takes the one on the PATH.
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const { code, output } = await runCommand(npm[0], [...npm.slice(1), ...args], { cwd: ROOT });
  clearInterval(timer);
  if (code !== 0) {
    step.done('failed');
    say(output.trimEnd());
    throw new Error(`npm ci failed with code ${code}: is the npm registry reachable? (npm ping)`);
  }
  step.done(`${((Date.now() - started) / 1000).toFixed(1)} s`);
}

async function makeReady() {
  await installDependencies();
  // These need npm packages, so they are loaded only now.
  await require('./build-addon').buildAddon();
  await require('./build-dist').buildDist();
}

const NOT_ALLOWED = ['EACCES', 'EPERM', 'EROFS'];

/** What else there is to say of an error: whoever may not write here has to know why. */
function advice(error) {
  if (!NOT_ALLOWED.includes(error.code) || fs.statSync(ROOT).uid === process.getuid()) return '';
  return ` (${ROOT} belongs to another user: copy it, or let them run \`npm run build\`)`;
}

/** Makes ready, then runs `work`, which resolves to an exit code. */
function whenReady(work) {
  makeReady()
    .then(work)
    .then((code) => {
      process.exitCode = code;
    })
    .catch((error) => {
      say(`soo: ${error.message}${advice(error)}`);
      process.exitCode = 1;
    });
}

module.exports = { whenReady, missingDependencies, refuseLink, ROOT };
