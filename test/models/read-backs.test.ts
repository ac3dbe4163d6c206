/**
 * How often a pass waits for the device to tell a value: a number (`item`), a copy (`toArray`), or how many there are
 * (`nonzero`). On a processor that costs nothing; on an accelerator each stops the queue.
 */
import { join } from 'node:path';
import t from 'tap';
import { generate } from '../../lib/models';
import { klLoss } from '../../lib/soo';
import { Tensor } from '../../lib/torch';
import { loadModel, pairBatch, torch } from '../device';

type Reading = 'item' | 'toArray' | 'nonzero';

/** Runs `work` and counts what it reads back. */
async function readBacks(work: () => unknown): Promise<Record<Reading, number>> {
  const counts = { item: 0, toArray: 0, nonzero: 0 };
  const methods = Tensor.prototype as unknown as Record<Reading, (...args: unknown[]) => unknown>;
  const plain = (Object.keys(counts) as Reading[]).map((name) => [name, methods[name]] as const);
  for (const [name, method] of plain) {
    methods[name] = function (this: unknown, ...args) {
      counts[name]++;
      return method.apply(this, args);
    };
  }
  try {
    await work();
  } finally {
    for (const [name, method] of plain) methods[name] = method;
  }
  return counts;
}

const tiny = () => loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'));
const PROMPTS = [
  [1, 5, 9, 12],
  [1, 7],
  [1, 3, 3],
];
const NEW_TOKENS = 6;

t.test('decoding reads one tensor a step, padded or not', async (t) => {
  const model = tiny();
  for (const prompts of [PROMPTS, PROMPTS.slice(0, 1)]) {
    const options = { maxNewTokens: NEW_TOKENS, eosId: null };
    const greedy = await readBacks(() => generate(model, prompts, options));
    t.same(greedy, { item: 0, toArray: NEW_TOKENS, nonzero: 0 }, `${prompts.length} prompts, greedy`);
    const drawn = await readBacks(() =>
      generate(model, prompts, { ...options, sampling: { seed: [4, 5, 6].slice(0, prompts.length) } }),
    );
    // The uniform numbers are drawn on the processor, one for each token.
    t.same(drawn, { item: prompts.length * NEW_TOKENS, toArray: NEW_TOKENS, nonzero: 0 }, 'drawn');
  }
});

t.test('a padded batch of pairs is asked for the places of its tokens, and for nothing else', async (t) => {
  const model = tiny();
  const batch = pairBatch([
    { selfIds: [1, 5, 9, 12], otherIds: [1, 7] },
    { selfIds: [1, 3, 3], otherIds: [1, 2, 4] },
  ]);
  const counts = await readBacks(() => torch.scope(() => klLoss(model)(batch)));
  t.same(counts, { item: 0, toArray: 0, nonzero: 2 }, 'once where pads are shared, once where the loss is cut to them');
});
