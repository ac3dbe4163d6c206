'use strict';

// Lets Node run TypeScript as it is: `node -r ./scripts/typescript.js file.ts`. Types are not checked. What a file was
// compiled to is kept until the file changes: compiling all of lib/ anew took 5 s of each process, and tests start many.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const KEPT = path.join(ROOT, 'node_modules', '.cache', 'soo-torch', 'typescript');
const CONFIG = path.join(ROOT, 'tsconfig.json');
// What scripts/gpu/pack.sh makes brings its JavaScript along, and no compiler.
const PACKED = path.join(ROOT, 'compiled');
const hash = (...texts) => createHash('sha256').update(texts.join('\0')).digest('hex');

const made = hash(require('typescript/package.json').version, fs.readFileSync(CONFIG, 'utf8'));

function compile(source, file) {
  const typescript = require('typescript'); // late: it takes longer to load than everything that is kept
  const { compilerOptions } = typescript.readConfigFile(CONFIG, (name) => fs.readFileSync(name, 'utf8')).config;
  return typescript.transpileModule(source, {
    fileName: file,
    compilerOptions: {
      ...compilerOptions,
      noEmit: false,
      declaration: false,
      inlineSourceMap: true,
      inlineSources: true,
    },
  }).outputText;
}

function javascriptOf(file) {
  const packed = path.join(PACKED, `${path.relative(ROOT, file)}.js`);
  if (fs.existsSync(packed)) return fs.readFileSync(packed, 'utf8');
  const source = fs.readFileSync(file, 'utf8');
  const key = hash(made, source);
  const kept = path.join(KEPT, `${hash(file).slice(0, 32)}.json`);
  try {
    const { key: found, code } = JSON.parse(fs.readFileSync(kept, 'utf8'));
    if (found === key) return code;
  } catch {
    // Not there yet.
  }
  const code = compile(source, file);
  try {
    fs.mkdirSync(KEPT, { recursive: true });
    const aside = `${kept}.${process.pid}.tmp`;
    fs.writeFileSync(aside, JSON.stringify({ key, code }));
    fs.renameSync(aside, kept);
  } catch {
    // Compiled again the next time.
  }
  return code;
}

process.setSourceMapsEnabled(true);
require.extensions['.ts'] = (module, file) => module._compile(javascriptOf(file), file);

module.exports = { javascriptOf };
