'use strict';

// `npm run reproduce:rl`: makes everything ready, then repeats the experiment of physical deception, with the arguments
// given (`npm run reproduce:rl -- --quick`); results go to results/rl unless --out names another folder.

const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');

const given = process.argv.slice(2);
const named = given.some((argument) => argument === '--out' || argument.startsWith('--out='));
const out = named ? [] : ['--out', path.join('results', 'rl')];

whenReady(() => handOver([path.join(ROOT, 'bin', 'soo.js'), 'rl', 'reproduce', ...out, ...given]));
