'use strict';

// `npm start`: makes everything ready, then runs the demo with the arguments given (`npm start -- --quick`).

const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');

whenReady(() => handOver([path.join(ROOT, 'bin', 'soo.js'), 'demo', ...process.argv.slice(2)]));
