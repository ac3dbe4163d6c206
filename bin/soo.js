#!/usr/bin/env node
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const program = path.join(root, 'dist', 'cli', 'program.js');

// A reader that has seen enough (`soo ... | head`) is no error.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`soo: stdout: ${error.message}\n`);
  process.exit(1);
});

// Nobody reads what is said beside the results: that ends no work. What can save itself listens too, and does.
process.stderr.on('error', () => {});

if (fs.existsSync(program)) {
  require(program)
    .main(process.argv.slice(2))
    .then((code) => {
      process.exitCode = code;
    });
} else {
  process.stderr.write(`soo: not built yet (there is no ${program}): run \`npm run build\` in ${root}\n`);
  process.exitCode = 1;
}
