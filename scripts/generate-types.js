'use strict';

// Writes the operators' declarations from the schemas of the linked libtorch: into lib/ in a checkout, before tsc runs,
// and into dist/ in an installed package, whose libtorch may be another than the one it was packed with.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '..');
const SOURCE = path.join(ROOT, 'lib', 'torch', 'declarations.ts');

/** Replaces a file if its text has changed, so that what depends on it is not made again for nothing. */
function writeIfChanged(file, text) {
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) return;
  const aside = `${file}.${process.pid}`;
  fs.writeFileSync(aside, text);
  fs.renameSync(aside, file);
}

function main() {
  if (fs.existsSync(SOURCE)) {
    require('./typescript');
    writeIfChanged(path.join(ROOT, 'lib/torch/operators.generated.ts'), require(SOURCE).generateDeclarations());
    return;
  }
  const { generateDeclarations } = require(path.join(ROOT, 'dist/torch/declarations.js'));
  // An interface's declaration is the same in a .d.ts file.
  writeIfChanged(path.join(ROOT, 'dist/torch/operators.generated.d.ts'), generateDeclarations());
}

main();
