'use strict';

// `npm test`: makes everything ready, then runs tap with the arguments given (`npm test -- test/nn`). tap itself knows
// files and patterns only: a folder stands for the tests in it.

const fs = require('node:fs');
const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');

/** @param argument of tap: a folder becomes the pattern of its tests */
function testsOf(argument) {
  const isFolder = fs.statSync(path.resolve(ROOT, argument), { throwIfNoEntry: false })?.isDirectory();
  return isFolder && !argument.startsWith('-') ? path.posix.join(argument, '**', '*.test.ts') : argument;
}

module.exports = { testsOf };

if (require.main === module)
  whenReady(() => {
    const tap = path.join(path.dirname(require.resolve('tap/package.json')), 'dist', 'esm', 'run.mjs');
    return handOver([tap, ...process.argv.slice(2).map(testsOf)], { cwd: ROOT });
  });
