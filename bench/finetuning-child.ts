/** Fine-tunes in a process of its own, so that time and peak memory are the run's: `finetuning.ts` starts it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPairs } from '../lib/evals';
import { loadModel } from '../lib/models';
import { originOf } from '../lib/training';
import { finetune, UPSTREAM, type FinetuneConfig } from '../lib/soo';
import { torch, type DType } from '../lib/torch';
import type { Run } from './finetuning';
import { ROOT } from './llm-peer';

async function main(): Promise<void> {
  const [modelFolder, pairsFile, loss, layer, dtype] = process.argv.slice(2);
  torch.setNumThreads(1);
  const model = loadModel(modelFolder, { dtype: dtype as DType });
  const encode = (text: string): number[] => model.tokenizer?.encode(text) ?? [];
  const pairs = readPairs(pairsFile).map(({ self, other }) => ({ selfIds: encode(self), otherIds: encode(other) }));
  const config: FinetuneConfig = {
    ...UPSTREAM,
    shuffle: false,
    maxSteps: 3,
    ...(loss === 'mse' ? { loss: 'mse' as const, layer: Number(layer) } : {}),
  };
  const folder = mkdtempSync(join(tmpdir(), 'soo-torch-bench-run-'));
  const [times, losses]: number[][] = [[], []];
  let last = process.cpuUsage();
  const onStep = (step: { loss: number }): void => {
    const { user, system } = process.cpuUsage(last);
    times.push((user + system) / 1e6);
    losses.push(step.loss);
    last = process.cpuUsage();
  };
  try {
    const padId = model.tokenizer?.eosId ?? 0;
    await finetune({ folder, model, pairs, config, padId, inputs: {}, origin: originOf(ROOT, ['bench']), onStep });
  } finally {
    rmSync(folder, { recursive: true });
  }
  const [, ...warm] = times;
  const seconds = warm.sort((a, b) => a - b)[warm.length >> 1];
  const sides = pairs.flatMap(({ selfIds, otherIds }) => [selfIds, otherIds]);
  const tokens = (sides.flat().length / pairs.length) * config.batch;
  const run: Run = { seconds, tokens, peakMb: process.resourceUsage().maxRSS / 1024, losses: losses.slice(0, 4) };
  process.stdout.write(JSON.stringify(run));
}

void main();
