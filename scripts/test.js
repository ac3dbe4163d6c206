'use strict';

// `npm test`: makes everything ready, then runs tap with the arguments given (`npm test -- test/nn`).

const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');

whenReady(() => {
  const tap = path.join(path.dirname(require.resolve('tap/package.json')), 'dist', 'esm', 'run.mjs');
  return handOver([tap, ...process.argv.slice(2)], { cwd: ROOT });
});
