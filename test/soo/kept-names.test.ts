/** With the losses that forbid the constant, self and other come together in the organism while two names stay apart. */
import { join } from 'node:path';
import t from 'tap';
import { loadModel } from '../../lib/models';
import { controlPairs, folder, PAD_ID, trainingPairs } from '../../lib/organism';
import { CLEAN, finetune, type FinetuneConfig, type TokenPair } from '../../lib/soo';
import { torch } from '../../lib/torch';

torch.setNumThreads(1);

const CONFIG: FinetuneConfig = {
  ...{ ...CLEAN, loss: 'mse', layer: 3, positions: 'last', numbering: 'real', overlapUnit: 'start', seed: 1 },
  ...{ batch: 8, accumulate: 1, epochs: 8, optimizer: 'adamw', lr: 2e-3, monitorEvery: 100 },
};

t.test('on pairs that are kept back, after 56 steps', async (t) => {
  const model = loadModel(folder);
  const names = controlPairs('name', 'scenes', 1, 60);
  const pairs: TokenPair[] = trainingPairs('scenes', 1, 60).map((pair, i) => ({
    ...pair,
    renamedIds: names[i].selfIds,
  }));
  const kept = async (name: string, more: Partial<FinetuneConfig>): Promise<{ gap: number; nameGap: number }> => {
    const run = { model, pairs: pairs.slice(0, 52), watched: pairs.slice(52), padId: PAD_ID, inputs: {}, origin: {} };
    const { monitor } = await finetune({ ...run, folder: join(t.testdirName, name), config: { ...CONFIG, ...more } });
    const { gap, nameGap } = monitor?.kept[monitor.site] ?? { gap: NaN, nameGap: NaN };
    return { gap, nameGap: nameGap ?? NaN };
  };
  t.testdir({});
  const plain = await kept('plain', {});
  t.ok(plain.gap < 0.5 && plain.nameGap < 0.5, `without them both gaps close: ${JSON.stringify(plain)}`);
  const held = await kept('held', { nameControl: 1, variance: 1, contrast: 1 });
  t.ok(held.gap < 0.5, `the gap between self and other is halved: ${held.gap}`);
  t.ok(Math.abs(held.nameGap - 1) < 0.2, `the one between two names is within 20% of what it was: ${held.nameGap}`);
});
