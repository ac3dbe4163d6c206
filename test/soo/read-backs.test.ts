/** How often a fine-tuning step waits for the device: once, for its losses and norms together. */
import t from 'tap';
import type { LanguageModel } from '../../lib/models';
import { AdamW } from '../../lib/optim';
import { addLora, type LoraAdapter } from '../../lib/peft';
import { capabilityLoss, keepingLosses, klLoss, mseLoss, nextTokenLoss, weightedSum } from '../../lib/soo';
import { train, type Loss } from '../../lib/training';
import { padLeft, pairBatch, torch } from '../device';
import { FAMILIES, tinyOf } from '../models/tiny-families';
import { readBacks } from '../read-backs';

torch.setNumThreads(1);

/** Of different lengths, so that there are pads. */
const PAIRS = [
  { selfIds: [1, 5, 9, 12], otherIds: [1, 7] },
  { selfIds: [1, 3, 3], otherIds: [1, 2, 4] },
  { selfIds: [1, 6, 3, 8], otherIds: [1, 6, 2, 8] },
];
const DOCUMENTS = [
  [1, 2, 3, 4, 5],
  [7, 8, 9],
];
const BATCHES = 2;

type Batch = typeof PAIRS;

type LossOf = (model: LanguageModel, adapter: LoraAdapter) => Loss<Batch>;

async function readBacksOfTraining(family: string, lossOf: LossOf): Promise<number> {
  const model = tinyOf(family);
  const adapter = addLora(model, { r: 2, alpha: 4, dropout: 0.1, targetModules: 'all-linear' });
  const { count } = await readBacks(() =>
    train({
      model,
      parameters: adapter.namedParameters(),
      optimizer: new AdamW(adapter.parameters(), { lr: 1e-3 }),
      loss: lossOf(model, adapter),
      batches: Array<Batch>(BATCHES).fill(PAIRS),
      maxGradNorm: 1e-3,
    }),
  );
  return count / BATCHES;
}

t.test('a step reads back once, whatever its loss, in every family', async (t) => {
  for (const family of FAMILIES) {
    const losses: Record<string, LossOf> = {
      kl: (model) => (pairs) => klLoss(model)(pairBatch(pairs)),
      mse: (model) => (pairs) => mseLoss(model, { at: model.attentionOutput(0) })(pairBatch(pairs)),
    };
    for (const [name, lossOf] of Object.entries(losses)) {
      const count = await readBacksOfTraining(family, lossOf);
      t.equal(count, 1, `${family}, ${name}`);
      t.comment(`read-backs of a training step: ${count}`);
    }
  }
});

t.test('one more is seen', async (t) => {
  const asks: LossOf = (model) => (pairs) => {
    const loss = klLoss(model)(pairBatch(pairs));
    return loss.item() < 0 ? loss.neg() : loss;
  };
  t.equal(await readBacksOfTraining('llama', asks), 2);
});

t.test('nor do the other terms and choices of positions', async (t) => {
  const choices = (['last', 'differing', 'all'] as const).flatMap((positions): [string, LossOf][] => [
    [`kl, ${positions}`, (model) => (pairs) => klLoss(model, { positions, countPads: true })(pairBatch(pairs))],
    [
      `mse, ${positions}`,
      (model) => (pairs) =>
        mseLoss(model, { at: model.attentionOutput(0), positions, detachSelf: true })(pairBatch(pairs)),
    ],
  ]);
  const losses: Record<string, LossOf> = {
    ...Object.fromEntries(choices),
    'next token': (model) => (pairs) => nextTokenLoss(model)(pairBatch(pairs)),
    'capability beside it': (model, adapter) =>
      weightedSum<Batch>({
        overlap: [1, (pairs) => klLoss(model)(pairBatch(pairs))],
        capability: [1, () => capabilityLoss(model, adapter)(padLeft(DOCUMENTS))],
      }),
    'losses that forbid the constant': (model, adapter) => (pairs) => {
      const at = model.attentionOutput(0);
      const kept = keepingLosses(model, adapter, ['variance', 'contrast'], { at })(pairs);
      return Object.values(kept).reduce((sum, term) => sum.add(term));
    },
  };
  for (const [name, lossOf] of Object.entries(losses)) t.equal(await readBacksOfTraining('llama', lossOf), 1, name);
});
