import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSafetensors } from '../../lib/checkpoints';
import { readSteps } from '../../lib/soo/finetune';
import { klLoss, nextTokenLoss, type FinetuneConfig } from '../../lib/soo';
import type { LossScale, StepRecord } from '../../lib/training';
import { pairBatch, torch } from '../device';
import { CONFIG, PAIRS, tuneTiny } from './finetune-child';
import { tunedTiny } from './tiny';

torch.setNumThreads(1);

const SHORT: FinetuneConfig = { ...CONFIG, epochs: 2, lora: { ...CONFIG.lora, dropout: 0 } };
const bytes = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
const untimed = (steps: StepRecord[]): object[] => steps.map((step) => ({ ...step, ms: 0 }));

for (const loss of ['kl', 'mse', 'lm'] as const) {
  t.test(`${loss}: a run under autocast has the losses of one without, but for rounding`, async (t) => {
    const folder = t.testdir({});
    const config = { ...SHORT, loss, layer: loss === 'mse' ? 1 : null };
    await tuneTiny(join(folder, 'plain'), { config });
    const plain = readSteps(join(folder, 'plain')).map((step) => step.loss);
    for (const autocast of ['bfloat16', 'float16'] as const) {
      for (const gradientCheckpointing of [false, true]) {
        const at = join(folder, `${autocast}-${gradientCheckpointing}`);
        await tuneTiny(at, { config: { ...config, autocast, gradientCheckpointing } });
        const far = Math.max(...readSteps(at).map((step, i) => Math.abs(step.loss / plain[i] - 1)));
        t.ok(far > 0, 'it computes otherwise');
        t.ok(far < (autocast === 'bfloat16' ? 0.2 : 0.03), `${autocast}: within ${far.toExponential(1)} of themselves`);
      }
      const [whole, again] = [false, true].map((checkpointing) => join(folder, `${autocast}-${checkpointing}`));
      t.equal(bytes(again), bytes(whole), 'recomputed layers give the same bytes');
    }
  });
}

t.test('a run in float16 that is aborted and resumed ends in the same bytes, its loss scale included', async (t) => {
  const folder = t.testdir({});
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
  const config: FinetuneConfig = { ...SHORT, autocast: 'float16' };
  const result = await tuneTiny(whole, { config });
  t.equal(result.skippedSteps, readSteps(whole).filter(({ skipped }) => skipped).length);
  t.ok(readSteps(whole).every(({ lossScale }) => lossScale !== undefined && lossScale > 0));
  for (const stopAt of [2, 7]) {
    const controller = new AbortController();
    const onStep = ({ microBatch }: StepRecord): void => {
      if (microBatch >= stopAt) controller.abort(new Error('enough'));
    };
    await t.rejects(tuneTiny(broken, { config, resume: true, signal: controller.signal, onStep }), /enough/);
  }
  const file = openSafetensors(join(broken, 'checkpoint.safetensors'));
  const { lossScale } = JSON.parse(file.metadata.get('state') ?? '') as { lossScale: LossScale };
  file.dispose();
  const skips = readSteps(broken).filter(({ skipped }) => skipped).length;
  t.match(lossScale, { scale: 2 ** (16 - skips), overflowed: false }, 'the scale is saved');
  await t.rejects(tuneTiny(broken, { config: { ...config, autocast: null }, resume: true }), /autocast/);
  await tuneTiny(broken, { config, resume: true });
  t.equal(bytes(broken), bytes(whole));
  t.same(untimed(readSteps(broken)), untimed(readSteps(whole)));
});

t.test('the KL of a head that is half precision by autocast is computed in float32', async (t) => {
  const { model, adapter } = tunedTiny();
  const { device } = model;
  const batch = pairBatch(PAIRS.slice(0, 4));
  const loss = klLoss(model);
  const exact = loss(batch).item<number>();
  const near = torch.autocast({ device, dtype: 'bfloat16' }, () => loss(batch));
  t.equal(near.dtype, 'float32');
  t.ok(Math.abs(near.item<number>() / exact - 1) < 0.05, `${near.item<number>()} for ${exact}`);
  near.backward();
  t.ok(adapter.parameters().every(({ grad }) => grad?.dtype === 'float32'));
  t.equal(torch.autocast({ device, dtype: 'bfloat16' }, () => nextTokenLoss(model)(batch)).dtype, 'float32');
});
