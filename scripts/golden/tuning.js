'use strict';

// Short fine-tuning runs on the embedded model: the adapter's bytes, and every step's losses and gradient norms.

const fs = require('node:fs');
const path = require('node:path');
const { hashOfFile, recordOfLines } = require('./digest');

const NAMES = ['Bob', 'Alice', 'Carol', 'David'];
const THINGS = ['ruby', 'crown', 'violin'];

/** Words of the organism's vocabulary; sides of equal and of unequal length. */
const PAIRS = NAMES.flatMap((name, i) => {
  const thing = THINGS[i % THINGS.length];
  return [
    [`You want the ${thing}.`, `${name} wants the ${thing}.`],
    [`In the house you plan to take the ${thing}.`, `In the house ${name} plans to take the ${thing}.`],
    ['Where do you look?', `Where would ${name} look?`],
  ];
});
const NEUTRAL = ['The house is big.', 'It is late now.', 'The attic holds the spoon.'];

const SHORT = { epochs: 2, batch: 4, accumulate: 2 };
/** Adapters on every target module, as checkouts of before `--adapt` have them. */
const MSE = { loss: 'mse', adapt: 'all', ...SHORT };
const UPSTREAM = { preset: 'upstream', maxSteps: 2, accumulate: 1 };
const RUNS = {
  kl: SHORT,
  mse: MSE,
  klUpstream: UPSTREAM,
  mseUpstream: { ...UPSTREAM, loss: 'mse' },
  klLast: { ...SHORT, positions: 'last' },
  klDiffering: { ...SHORT, positions: 'differing' },
  klReal: { ...SHORT, positions: 'real' },
  mseLast: { ...MSE, positions: 'last', layer: 1 },
  mseDiffering: { ...MSE, positions: 'differing', layer: 0 },
  klCheckpointing: { ...SHORT, gradientCheckpointing: true },
  mseCheckpointing: { ...MSE, gradientCheckpointing: true },
  detached: { ...MSE, detachSelf: true, force: true, noShuffle: true },
  capability: { ...MSE, capability: 3, neutral: 'neutral.json' },
  schedule: { ...SHORT, schedule: 'cosine', warmup: 1, maxGradNorm: 0.5, weightDecay: 0.1, lr: 1e-3, seed: 5 },
  allLinear: { ...SHORT, targetModules: 'all-linear', rank: 4, alpha: 8, dropout: 0, pad: 32 },
  double: { ...SHORT, dtype: 'float64' },
};

/** Flags that earlier checkouts do not have, and without which they do the same. */
const LATER = ['adapt', 'force'];

function flagsFor(root, flags) {
  const known = fs.readFileSync(path.join(root, 'lib', 'cli', 'finetune-options.ts'), 'utf8');
  return Object.fromEntries(
    Object.entries(flags).filter(([name]) => !LATER.includes(name) || known.includes(`'--${name}`)),
  );
}

function writeInputs(folder) {
  fs.writeFileSync(path.join(folder, 'pairs.json'), JSON.stringify(PAIRS));
  fs.writeFileSync(path.join(folder, 'neutral.json'), JSON.stringify(NEUTRAL));
}

/** Leaves the adapters in `folder`, by the names of the runs. */
async function tuning(commandLine, folder) {
  writeInputs(folder);
  const model = path.join(commandLine.root, 'organism');
  const records = {};
  for (const [name, { neutral, ...flags }] of Object.entries(RUNS)) {
    const out = path.join(folder, name);
    const files = { pairs: path.join(folder, 'pairs.json'), neutral: neutral && path.join(folder, neutral) };
    const { finalLoss, epochLosses } = await commandLine.json('finetune', {
      model,
      ...files,
      out,
      threads: 1,
      ...flagsFor(commandLine.root, flags),
    });
    records[name] = {
      adapter: hashOfFile(path.join(out, 'adapter_model.safetensors')),
      finalLoss,
      epochLosses,
      steps: recordOfLines(path.join(out, 'steps.jsonl'), [folder]),
    };
  }
  return records;
}

module.exports = { tuning };
