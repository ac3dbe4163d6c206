/** Steps of KL and MSE tuning with LoRA on a model of 7B in bfloat16, AdamW included: milliseconds and peak memory. */
import { AdamW } from '../../lib/optim';
import { addLora } from '../../lib/peft';
import { klLoss, mseLoss, pairBatch, type PairBatch, type TokenPair } from '../../lib/soo';
import { torch, type Tensor } from '../../lib/torch';
import { train } from '../../lib/training';
import { device, median, resetPeak, tell, tellPeak } from './measure';
import { randomModel } from './random-model';
import { LORA, LR, PADDED, pairBatches, sizes } from './workload';

const LOSSES = ['kl', 'mse'] as const;
type LossName = (typeof LOSSES)[number];

function lossOf(name: LossName, model: ReturnType<typeof randomModel>): (batch: PairBatch) => Tensor {
  if (name === 'kl') return klLoss(model, { countPads: true });
  return mseLoss(model, { at: model.attentionOutput(sizes.layer), countPads: true });
}

async function measure(name: LossName, lengths: 'short' | 'whole'): Promise<void> {
  const model = randomModel();
  torch.manualSeed(2);
  const adapter = addLora(model, { ...LORA, dropout: 0 });
  const batches = pairBatches(lengths);
  const times: number[] = [];
  const losses: number[] = [];
  resetPeak();
  let last = performance.now();
  await train({
    model,
    parameters: adapter.namedParameters(),
    optimizer: new AdamW(adapter.parameters(), { lr: LR, eps: 1e-6, weightDecay: 0 }),
    loss: lossOf(name, model),
    batches: eachBatch(batches),
    // The next step's first reading of a number waits for what this one left queued: times tile the run.
    onStep: ({ loss }) => {
      losses.push(loss);
      times.push(performance.now() - last);
      last = performance.now();
    },
  });
  device().synchronize();
  const where = `finetune.${name}.${lengths}`;
  tell(where, median(times.slice(sizes.warmUp)), 'ms a step', 'lower');
  tellPeak(`${where}.memory`);
  tell(`${where}.first-loss`, losses[0], '');
}

function* eachBatch(batches: readonly TokenPair[][]): Generator<PairBatch> {
  for (const pairs of batches) {
    yield pairBatch(pairs, { countAs: PADDED, numbering: 'padded', device: device() });
  }
}

async function main(): Promise<void> {
  for (const name of LOSSES) {
    for (const lengths of ['short', 'whole'] as const) {
      await measure(name, lengths);
      if (device().type !== 'cpu') device().emptyCache();
    }
  }
}

void main();
