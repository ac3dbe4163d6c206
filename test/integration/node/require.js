'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { Worker, isMainThread } = require('node:worker_threads');
const { work, WANTED } = require('./work');

assert.deepStrictEqual(work(require('soo-torch')), WANTED);
// Whoever reloads a program clears the cache, of the library's JavaScript or of the addon too.
for (const kept of ['.node', 'nothing']) {
  for (const file of Object.keys(require.cache))
    if (file.includes(`${path.sep}soo-torch${path.sep}`) && !file.endsWith(kept)) delete require.cache[file];
  assert.deepStrictEqual(work(require('soo-torch')), WANTED);
}
if (isMainThread)
  new Worker(__filename).on('error', (error) => {
    throw error;
  });
