'use strict';

// `npm run test:memory`: loops without a scope, 500 steps of 16 MB results each, every one in a process of its own on
// the Node that runs this. Fails if one was ever larger than a gigabyte. Takes about ten minutes.
//
//   node scripts/test-memory.js [words of a loop's name ...]

const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { ROOT, whenReady } = require('./ready');

const MOST_MEGABYTES = 1000;
const STEPS = 500;

function child(...args) {
  const files = ['-r', './scripts/typescript.js', path.join('test', 'torch', 'memory-child.ts')];
  return execFileSync(process.execPath, [...files, ...args], { cwd: ROOT, encoding: 'utf8' }).trim();
}

whenReady(async () => {
  const wanted = process.argv.slice(2);
  const loops = child()
    .split('\n')
    .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
  let most = 0;
  for (const name of loops) {
    const megabytes = Number(child(name, String(STEPS)));
    most = Math.max(most, megabytes);
    console.log(`${megabytes > MOST_MEGABYTES ? 'not ok' : 'ok'} ${name}: ${megabytes} MB`);
  }
  console.log(`${loops.length} loops on Node ${process.version}: at most ${most} MB`);
  return most > MOST_MEGABYTES ? 1 : 0;
});
