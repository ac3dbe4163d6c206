'use strict';

// Puts what the packed run needs of this checkout into a folder: sources, compiled TypeScript, packages.
//
//   node scripts/gpu/stage.js FOLDER

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');

const ROOT = path.resolve(__dirname, '..', '..');
const PARTS = ['bench', 'bin', 'dist', 'lib', 'native', 'organism', 'scripts', 'test'];
const FILES = ['CMakeLists.txt', 'binding.gyp', 'package.json', 'tsconfig.json'];
const UNWANTED = /\.(d\.[cm]?ts|map|md|markdown|flow|tsbuildinfo)$/;

/** Packages that tests load: tap without its runner. What a test needs that fails is loaded by one that fails. */
function packagesOfTests() {
  const program = `
    const path = require('node:path');
    process.on('exit', () => {
      const folders = Object.keys(require.cache).map((file) => /^.*\\/node_modules\\/(?:@[^/]+\\/)?[^/]+/.exec(file)?.[0]);
      process.stderr.write('\\n' + JSON.stringify([...new Set(folders.filter(Boolean))]));
      process.exitCode = 0;
    });
    const t = require('tap');
    t.test('fails', (t) => {
      t.same({ a: 1 }, { a: 2 });
      t.match('a', /b/);
      t.throws(() => 0);
      t.testdir({});
      t.end();
    });`;
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] };
  const { stderr } = spawnSync(process.execPath, ['-e', program], options);
  const modules = fs.realpathSync(path.join(ROOT, 'node_modules'));
  return JSON.parse(stderr.trim().split('\n').at(-1)).map((folder) => path.relative(modules, fs.realpathSync(folder)));
}

/** Packages that run or build something, by package-lock.json: those that are not for development alone. */
function packagesOfRunTime() {
  const { packages } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([name, { dev, devOptional }]) => name && !dev && !devOptional)
    .map(([name]) => name.replace(/^node_modules\//, ''))
    .filter((name) => fs.existsSync(path.join(ROOT, 'node_modules', name)));
}

function copy(from, to, keep) {
  // A link that points nowhere is left out.
  const filter = (source) => fs.existsSync(source) && keep(path.relative(from, source));
  fs.cpSync(from, to, { recursive: true, dereference: true, filter });
}

function copyPackages(folder) {
  for (const name of new Set([...packagesOfTests(), ...packagesOfRunTime()])) {
    const from = path.join(ROOT, 'node_modules', name);
    // tap links its own build to packages that stand beside it, of which there must be one copy.
    const keep = (file) => !UNWANTED.test(file) && !file.startsWith(path.join('test-built', 'node_modules'));
    copy(from, path.join(folder, 'node_modules', name), keep);
  }
  // Everything is compiled here; the compiler's name and version are asked for all the same.
  const typescript = path.join(folder, 'node_modules', 'typescript');
  fs.mkdirSync(typescript, { recursive: true });
  fs.copyFileSync(path.join(ROOT, 'node_modules', 'typescript', 'package.json'), path.join(typescript, 'package.json'));
}

/** JavaScript of all TypeScript, where `scripts/typescript.js` looks for it first. */
function compile(folder) {
  const { javascriptOf } = require('../typescript');
  const files = ['lib', 'test', 'bench'].flatMap((name) =>
    fs.readdirSync(path.join(ROOT, name), { recursive: true }).map((file) => path.join(name, file)),
  );
  const wanted = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  for (const file of wanted) {
    const place = path.join(folder, 'compiled', `${file}.js`);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, javascriptOf(path.join(ROOT, file)));
  }
  return wanted.length;
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '+changes' : '');
  } catch {
    return null;
  }
}

function main(folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of PARTS) copy(path.join(ROOT, name), path.join(folder, name), (file) => !/\.(map|pyc)$/.test(file));
  for (const name of FILES) fs.copyFileSync(path.join(ROOT, name), path.join(folder, name));
  copyPackages(folder);
  const compiled = compile(folder);
  const facts = { commit: commit(), packed: new Date().toISOString(), compiled };
  fs.writeFileSync(path.join(folder, 'pack.json'), `${JSON.stringify(facts, null, 2)}\n`);
}

main(path.resolve(process.argv[2]));
