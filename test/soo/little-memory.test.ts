/** A device that is full says what takes less; the stand-in's memory can be limited. */
import { join } from 'node:path';
import t from 'tap';
import { loadModel } from '../../lib/models';
import { finetune, type FinetuneConfig } from '../../lib/soo';
import { torch } from '../../lib/torch';
import { buildStandIn, loadStandIn } from '../native/stand-in';
import { CONFIG, PAIRS } from './finetune-child';

torch.setNumThreads(1);

t.test('fine-tuning that finds too little memory names what takes less', async (t) => {
  await buildStandIn();
  const standIn = loadStandIn();
  const device = torch.device('standin:0');
  const model = loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'), { device, dtype: 'float32' });
  const tune = (name: string, config: FinetuneConfig) =>
    finetune({ folder: join(t.testdir(), name), model, pairs: PAIRS, config, padId: 2, inputs: {}, origin: {} });
  const limit = Math.round(1.2 * device.memory().allocated);
  standIn.setLimit(0, limit);
  await t.rejects(tune('a', { ...CONFIG, batch: 13 }), {
    code: 'ERR_OUT_OF_MEMORY',
    message:
      /^finetune: .*Tried to allocate .* MiB\..* is free\. Less is taken by gradientCheckpointing \(--gradient-checkpointing\), with the same results; microBatch: 'auto' \(--micro-batch auto\), with the same results but for rounding and dropout's draws; a model of four bits \(--quantize nf4\)$/,
  });
  await t.rejects(tune('b', { ...CONFIG, batch: 1, gradientCheckpointing: true, pad: 2048 }), {
    code: 'ERR_OUT_OF_MEMORY',
    message: /Less is taken by a model of four bits \(--quantize nf4\)$/,
  });
  const terms = { ...CONFIG, batch: 13, variance: 1, microBatch: null };
  await t.rejects(tune('d', terms), { message: /a batch of fewer than 13 pairs \(--batch\) and a larger accumulate/ });
  standIn.setLimit(0, 0);
  const { steps } = await tune('c', { ...CONFIG, maxSteps: 1 });
  t.equal(steps, 1, 'with room enough it runs');
});
