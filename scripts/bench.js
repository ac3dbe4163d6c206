'use strict';

// `npm run bench`: makes everything ready, then runs what is measured in bench/.

const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');

whenReady(() => {
  const run = ['-r', path.join(__dirname, 'typescript.js'), path.join(ROOT, 'bench', 'run.ts')];
  return handOver([...run, ...process.argv.slice(2)], { cwd: ROOT });
});
