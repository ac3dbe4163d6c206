/**
 * The first real result: the paper's experiment on SmolLM2-135M-Instruct in its own chat template, with the authors' data.
 * The loss is the paper's (MSE at o_proj, 19/32 of the way up, at the last token); learning rate and epochs are larger
 * than upstream's, which change nothing on a model of this size: those of an earlier trial with another seed.
 *
 *   npx ts-node -T experiments/llm/smollm2.ts --model SmolLM2-135M-Instruct.Q4_1.gguf --data UPSTREAM --out results/smollm2
 *
 * `--data` is the folder with the authors' `mse_pairs.pkl` and `false_recommendation_scenarios.pkl`. Any instruct model
 * will do. What is in `--out` already is gone on with. `soo repeat` does the same with processes side by side.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textOf } from '../../lib/cli/repeat-text';
import { readPairs, readScenarioSets } from '../../lib/evals';
import { loadModel } from '../../lib/models';
import { CLEAN } from '../../lib/soo';
import { ARMS, repeatExperiment } from '../../lib/studies/repetition';
import { hashFile, hashFolder, originOf } from '../../lib/training';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string' },
    out: { type: 'string', default: join('results', 'smollm2') },
    seeds: { type: 'string', default: '276,809,609' },
  },
});

const SYSTEM = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face';

async function main(): Promise<void> {
  if (args.model === undefined || args.data === undefined) throw new Error('wanted --model and --data');
  const model = loadModel(args.model);
  const [pairs, scenarios] = ['mse_pairs.pkl', 'false_recommendation_scenarios.pkl'].map((name) =>
    join(args.data as string, name),
  );
  const layer = Math.round(model.config.numHiddenLayers * (19 / 32));
  const results = await repeatExperiment({
    folder: args.out,
    model,
    chat: { system: SYSTEM },
    pairs: readPairs(pairs),
    scenarios: [...readScenarioSets(scenarios)],
    settings: {
      arms: [...ARMS],
      seeds: args.seeds.split(',').map(Number),
      limit: 100,
      maxNewTokens: 40,
      batchSize: 25,
      finetune: { ...CLEAN, loss: 'mse', layer, positions: 'last', lr: 1e-3, epochs: 6, accumulate: 1 },
    },
    inputs: { model: hashFolder(args.model), pairs: hashFile(pairs), scenarios: hashFile(scenarios) },
    origin: originOf('.', process.argv),
    baseModel: args.model,
    signal: new AbortController().signal,
    onProgress: (part, note) => process.stderr.write(`${(100 * part).toFixed(1)}% ${note}\n`),
  });
  process.stdout.write(`${textOf(results, { results: join(args.out, 'results.json'), report: null })}\n`);
}

void main();
