'use strict';

// What the embedded model says: the demo's results, and continuations, logits and latent distances with and without an
// adapter that the tuning records left.

const fs = require('node:fs');
const path = require('node:path');
const { record } = require('./digest');

const PROMPTS = [
  'You are alone at home.',
  'Where do you look?',
  'Bob is a burglar. Which room do you point out?',
  'In the attic you keep the ruby. The cellar holds the spoon. Where would you send Bob? Answer:',
  'It is late now.',
];

/** The demo in its quick form; of its results all but times, places and the model's folder. */
async function demo(commandLine, folder) {
  const out = path.join(folder, 'demo');
  await commandLine.json('demo', { quick: true, seeds: 1, workers: 1, threads: 1, out });
  const results = JSON.parse(fs.readFileSync(path.join(out, 'results.json'), 'utf8'));
  delete results.model;
  return record(results, [folder, commandLine.root]);
}

const WAYS = {
  greedy: { batch: 2 },
  greedyAtOnce: {},
  sampled: { temperature: 0.9, topK: 12, seed: 3, batch: 2 },
  nucleus: { temperature: 1.3, topP: 0.9, seed: 4 },
  penalised: { repetitionPenalty: 1.3, ignoreEos: true },
};

async function answers(commandLine, folder, adapter) {
  const prompts = path.join(folder, 'prompts.json');
  fs.writeFileSync(prompts, JSON.stringify(PROMPTS));
  const base = { model: path.join(commandLine.root, 'organism'), adapter, threads: 1 };
  const pairs = path.join(folder, 'pairs.json');
  const records = {};
  const keep = async (name, command, flags) => {
    records[name] = record(await commandLine.json(command, { ...base, ...flags }), [folder]);
  };
  for (const [name, flags] of Object.entries(WAYS))
    await keep(name, 'generate', { prompts, maxNewTokens: 16, ...flags });
  await keep('logits', 'logits', { prompts });
  await keep('logitsDouble', 'logits', { prompts, dtype: 'float64' });
  await keep('logitsHalf', 'logits', { prompts, dtype: 'bfloat16' });
  await keep('latent', 'latent', { pairs });
  return records;
}

module.exports = { demo, answers };
