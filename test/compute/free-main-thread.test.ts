/** Nothing of a model is computed on the thread that asks a compute worker, and its event loop goes on meanwhile. */
import { join } from 'node:path';
import t from 'tap';
import type * as compute from '../../lib/compute';
import { native } from '../../lib/torch/load-native';

/** Functions of the addon that this thread has called, and operators. */
const called = new Set<string>();

function noting<Function extends (...args: unknown[]) => unknown>(name: string, wrapped: Function): Function {
  const note = (...args: unknown[]): unknown => {
    called.add(name);
    const result = wrapped(...args);
    // An operator is looked up once and called directly from then on.
    return name === 'operatorFunction' ? noting(`operator ${String(args[0])}`, result as Function) : result;
  };
  return note as Function;
}

// Before anything of the library has looked at the addon.
const functions = native as unknown as Record<string, unknown>;
for (const [name, value] of Object.entries(functions))
  if (typeof value === 'function') functions[name] = noting(name, value as () => unknown);

const { worker } = require('../../lib/compute') as typeof compute;
const { torch } = require('../../lib/torch') as typeof import('../../lib/torch');
const { createModel } = require('../../lib/models') as typeof import('../../lib/models');
const { UPSTREAM } = require('../../lib/soo') as typeof import('../../lib/soo');

const SHAPE = {
  modelType: 'llama',
  vocabSize: 64,
  hiddenSize: 128,
  intermediateSize: 256,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
};

t.test('the thread that asks computes nothing, and goes on', async (t) => {
  const folder = t.testdir();
  createModel(SHAPE).save(folder);
  t.ok([...called].some((name) => name.startsWith('operator ')), 'operators are seen'); // prettier-ignore
  const ids = Array.from({ length: 1024 }, (_, i) => i % 64);
  const pairs = [{ selfIds: ids, otherIds: ids.map((id) => 63 - id) }];
  const config = { ...UPSTREAM, maxSteps: 1, accumulate: 1, pad: 'longest' as const };

  called.clear();
  await using own = worker({ threads: 1 });
  await own.load(folder);
  await own.generate([[1, 2, 3]], { maxNewTokens: 8 });
  let ended = false;
  for await (const { last } of own.streamGenerate([[1, 2, 3]], { maxNewTokens: 8, sampling: { seed: 1 } }))
    ended = last;
  t.ok(ended);
  await own.finetune({ folder: join(folder, 'run'), pairs: [{ selfIds: [1, 2], otherIds: [3, 4] }], config });
  await own.useAdapter(join(folder, 'run'));

  // One pair is one synchronous piece of work: were it done here, no turn of the loop would lie inside of it.
  let [turns, goes] = [0, false];
  const turn = (): void => void (goes && (turns++, setImmediate(turn)));
  await own.latentOverlap(pairs, {
    onPair() {
      goes = true;
      setImmediate(turn);
    },
  });
  goes = false;
  t.ok(turns > 0, `${turns} turns of the event loop while one piece of work was done`);
  t.same([...called], [], 'no function of the addon was called');

  const { activations } = await own.capture([[1, 2, 3]], { modules: ['model.norm'] });
  t.notOk([...called].some((name) => name.startsWith('operator')), 'what arrives is received and not computed'); // prettier-ignore
  t.ok(called.has('receive'));
  t.same(torch.memory().tensors > 0 && activations.get('model.norm')?.shape, [1, 3, 128]);
});
