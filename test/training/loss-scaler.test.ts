import t from 'tap';
import { join } from 'node:path';
import { AdamW } from '../../lib/optim';
import { addLora, type LoraAdapter } from '../../lib/peft';
import type { LanguageModel } from '../../lib/models';
import { gradNormOf, LossScaler, NonFiniteError, train, type TrainOptions } from '../../lib/training';
import type { Tensor } from '../../lib/torch';
import { CPU_ONLY, loadModel, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';
import { readBacks } from '../read-backs';

torch.setNumThreads(1);

interface Case {
  dtype: 'float16';
  clip: number | null;
  steps: { loss: number; norm: number | null; scale: number }[];
  /** The scale after the last step. */
  last: number;
  /** The first 16 numbers of each weight. */
  trained: number[][];
}

// Made by test/parity/make_autocast.py with torch.autocast, torch.amp.GradScaler and peft.
const file = expected<{
  training: Case[];
  lr: number;
  planted: number;
  factor: number;
  scaler: { initScale: number; growthInterval: number };
}>('autocast');
const prompt = expected<{ tiny: { forward: { ids: number[][] } } }>('models').tiny.forward.ids[0];
const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');

/** Of the next tokens of the prompt. */
function lossOf(model: LanguageModel): Tensor {
  const logits = model.call(torch.tensor([prompt])).to('float32');
  const next = torch.tensor(prompt.slice(1)).view([1, -1, 1]);
  return logits
    .narrow(1, 0, prompt.length - 1)
    .logSoftmax(-1)
    .gather(-1, next)
    .mean()
    .neg();
}

interface Tuning {
  adapter: LoraAdapter;
  scaler: LossScaler;
  options: TrainOptions<number>;
}

/** Batches are numbers; the loss of one is multiplied by `factor`. */
function tuning(factor: (batch: number) => number, batches = 8): Tuning {
  const model = loadModel(TINY, { dtype: 'float32' });
  torch.manualSeed(11);
  const adapter = addLora(model, { r: 4, alpha: 12, targetModules: ['q_proj', 'v_proj', 'up_proj'] });
  const scaler = new LossScaler(file.scaler);
  const device = model.device;
  const options: TrainOptions<number> = {
    model,
    parameters: adapter.namedParameters(),
    optimizer: new AdamW(adapter.parameters(), { lr: file.lr, weightDecay: 0 }),
    loss: (batch) => torch.autocast({ device, dtype: 'float16' }, () => lossOf(model).mul(factor(batch))),
    batches: Array.from({ length: batches }, (_, i) => i),
    scaler,
  };
  return { adapter, scaler, options };
}

const planted = (batch: number): number => (batch === file.planted ? file.factor : 1);

for (const wanted of file.training) {
  t.test(`clipped at ${wanted.clip}: trained as GradScaler trains it, an overflow included`, CPU_ONLY, async (t) => {
    const { adapter, scaler, options } = tuning(planted);
    const records = await train({ ...options, maxGradNorm: wanted.clip ?? undefined });
    t.same(
      records.map(({ lossScale }) => lossScale),
      wanted.steps.map(({ scale }) => scale),
    );
    t.equal(scaler.scale, wanted.last);
    for (const [i, { loss, norm }] of wanted.steps.entries()) {
      const record = records[i];
      t.equal(record.skipped, norm === null ? true : undefined);
      t.ok(Math.abs(record.loss / loss - 1) < 1e-3, `loss ${i}`);
      if (norm !== null) t.ok(Math.abs(gradNormOf(record) / norm - 1) < 6e-3, `norm ${i}`);
    }
    adapter.parameters().forEach((parameter, i) => {
      const far = largestDifference(numbers(parameter).slice(0, 16), wanted.trained[i]);
      t.ok(far < 5e-4, `weights within ${far.toExponential(1)}`);
    });
  });
}

t.test('a skipped step moves nothing, and is a step', async (t) => {
  const [without, broken] = [tuning(() => 1, 3), tuning(planted, 4)];
  await train(without.options);
  const before = without.adapter.parameters().flatMap(numbers);
  const records = await train(broken.options);
  t.match(records.at(-1), { step: 4, skipped: true, lossScale: 2048 });
  t.ok(Number.isFinite(gradNormOf(records[3])), 'what overflowed is left out, so that the record is JSON');
  t.equal(largestDifference(broken.adapter.parameters().flatMap(numbers), before), 0);
});

t.test('an overflow in one of several batches of a step skips the whole step', async (t) => {
  const { scaler, options } = tuning((batch) => (batch === 1 ? file.factor : 1), 5);
  const records = await train({ ...options, accumulate: 3 });
  t.same(
    records.map(({ step, skipped }) => [step, skipped]),
    [1, 1, 1, 2, 2].map((step, i) => [step, i === 2 ? true : undefined]),
  );
  t.same(scaler.state, { scale: 512, steps: 1, overflowed: false }, 'what is left over makes a step, too');
});

t.test(
  'gradients that overflow at a scale of 1, which it has grown to, end the run, and so does a loss that does',
  async (t) => {
    const { scaler, options } = tuning(planted);
    scaler.state = { scale: 0.5, steps: 0, overflowed: false };
    const last = tuning((batch) => (batch === 2 ? Infinity : 1));
    await t.rejects(train(options), {
      name: 'NonFiniteError',
      message: /^fine-tuning stopped at step 4: the gradient of .* holds NaN or infinity$/,
    });
    await t.rejects(train(last.options), new NonFiniteError(3, 'the loss is Infinity'));
  },
);

t.test('a step reads back once', async (t) => {
  const { options } = tuning(planted, 6);
  const counts: number[] = [];
  let last = 0;
  const { count } = await readBacks(() =>
    train({ ...options, maxGradNorm: 1, onStep: () => void counts.push(last++) }),
  );
  t.equal(count, counts.length);
});
