import t from 'tap';
import { AdamW } from '../../lib/optim';
import { mseLoss, pairBatch, shuffledBatches, type TokenPair } from '../../lib/soo';
import {
  gradNormOf,
  NonFiniteError,
  train,
  type Position,
  type StepRecord,
  type TrainOptions,
} from '../../lib/training';
import { torch, type Tensor } from '../../lib/torch';
import { numbers } from '../parity/expected';
import { freshTiny } from '../soo/tiny';

torch.setNumThreads(1);

const PAIRS: TokenPair[] = Array.from({ length: 10 }, (_, i) => ({
  selfIds: [1, 20 + i, 31, 42],
  otherIds: [1, 20 + i, 200 + i, 42],
}));
const AT = 'model.layers.1.self_attn.o_proj';

type Extra = Partial<TrainOptions<TokenPair[]>>;

/** Tunes a fresh adapter; `make` may change the options. */
function tuning(seed: number, epochs = 6, make: (options: TrainOptions<TokenPair[]>) => Extra = () => ({})) {
  const { model, adapter } = freshTiny(seed, 0.1);
  const overlap = mseLoss(model, { at: AT, detachSelf: true });
  const parameters = adapter.namedParameters();
  const optimizer = new AdamW(adapter.parameters(), { lr: 5e-3 });
  const options: TrainOptions<TokenPair[]> = {
    model,
    parameters,
    optimizer,
    loss: (batch) => overlap(pairBatch(batch)),
    batches: shuffledBatches(PAIRS, { batchSize: 4, epochs, seed }),
  };
  const weights = (): number[] => adapter.parameters().flatMap(numbers);
  const run = (): Promise<StepRecord[]> => {
    torch.manualSeed(seed); // dropout draws from the global generator, which other runs may have moved
    return train({ ...options, ...make(options) });
  };
  return { model, adapter, optimizer, weights, run };
}

const untimed = (records: StepRecord[]): object[] => records.map((record) => ({ ...record, ms: 0 }));

t.test('takes one step per batch, and the loss falls', async (t) => {
  const { model, run } = tuning(1, 16);
  const frozen = model.parameters().filter((parameter) => !parameter.requiresGrad);
  const before = frozen.map(numbers);
  const records = await run();
  t.equal(records.length, 48, '3 batches in each of 16 epochs');
  t.same(
    records.map(({ step }) => step),
    records.map((_, i) => i + 1),
  );
  const mean = (part: StepRecord[]): number => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
  t.ok(
    mean(records.slice(-3)) < 0.8 * mean(records.slice(0, 3)),
    `from ${mean(records.slice(0, 3))} to ${mean(records.slice(-3))}`,
  );
  t.ok(records.every((record) => gradNormOf(record) > 0 && record.lr === 5e-3 && record.ms > 0));
  t.same(frozen.map(numbers), before, 'the base stays as it is');
  t.equal(model.training, false, 'back in evaluation mode');
  t.notOk(
    model.parameters().some((parameter) => parameter.grad),
    'no gradients are left behind',
  );
});

t.test('a loss that returns no tensor is refused in words', async (t) => {
  for (const [loss, came] of [
    [async () => torch.ones([]), 'a promise'],
    [() => undefined, 'undefined'],
    [() => ({ total: 1 }), 'object'],
  ] as const)
    await t.rejects(tuning(1, 1, () => ({ loss: loss as never })).run(), {
      name: 'TypeError',
      message: `the loss must return a tensor, or { total, parts }, and it returned ${came}`,
    });
});

t.test('one seed gives the same bits twice; another seed others', async (t) => {
  const [a, b, c] = [tuning(3), tuning(3), tuning(4)];
  t.same(untimed(await a.run()), untimed(await b.run()));
  t.same(a.weights(), b.weights());
  await c.run();
  t.notSame(a.weights(), c.weights());
});

t.test('no tensors pile up', async (t) => {
  const counts: number[] = [];
  const { run } = tuning(1, 10, () => ({ onStep: () => void counts.push(torch.memory().tensors) }));
  await run();
  t.equal(counts.length, 30);
  t.equal(counts.at(-1), counts[1], 'as many live tensors after the last step as after the second');
});

t.test('NaN stops it and names the step; the weights are those before it', async (t) => {
  let calls = 0;
  const nan = (loss: Tensor): Tensor => (++calls === 4 ? loss.mul(NaN) : loss);
  const run = tuning(1, 6, ({ loss }) => ({ loss: (batch) => nan(loss(batch) as Tensor) }));
  const threeSteps = tuning(1, 1);
  await threeSteps.run();
  await t.rejects(run.run(), new NonFiniteError(4, 'the loss is NaN'));
  t.same(run.weights(), threeSteps.weights(), 'three steps were taken and no more');
  t.notOk(
    run.adapter.parameters().some(({ grad }) => grad),
    'nothing stays of its backward pass',
  );

  const parts = tuning(1, 1, ({ loss }) => ({
    loss: (batch) => {
      const overlap = loss(batch) as Tensor;
      return { total: overlap.mul(Infinity), parts: { overlap } };
    },
  }));
  await t.rejects(parts.run(), /step 1: the loss is Infinity \(overlap \d/);
});

t.test('the module that a NaN comes from is named', async (t) => {
  const { model, run } = tuning(1, 2);
  const { weight } = model.getModule('model.layers.0.mlp.up_proj') as unknown as { weight: Tensor };
  torch.noGrad(() => weight.select(0, 3).fill_(Infinity));
  await t.rejects(
    run(),
    /step 1: the loss is NaN; the first module whose output is not finite is model\.layers\.0\.mlp\.up_proj/,
  );
});

t.test('batches gather for one step; leftovers make a last step, or are dropped at an epoch end', async (t) => {
  const steps = (records: StepRecord[]): number[] => records.map(({ step }) => step);
  const gathered = tuning(1, 3, () => ({ accumulate: 2 }));
  t.same(steps(await gathered.run()), [1, 1, 2, 2, 3, 3, 4, 4, 5]);
  const dropped = tuning(1, 3, () => ({ accumulate: 2, dropLeftoverAfter: 3 }));
  t.same(steps(await dropped.run()), [1, 1, 2, 2, 2, 3, 3, 3, 4], 'the third batch of an epoch is in no step');

  const whole = tuning(1, 2, () => ({ accumulate: 3 }));
  const norms: number[] = [];
  const sums = tuning(1, 2, ({ loss, batches }) => {
    const triples: TokenPair[][][] = [];
    for (const batch of batches) {
      if (triples.length === 0 || triples.at(-1)?.length === 3) triples.push([]);
      triples.at(-1)?.push(batch);
    }
    const sum = (triple: TokenPair[][]): Tensor =>
      triple.map((batch) => loss(batch) as Tensor).reduce((a, b) => a.add(b));
    return {
      batches: triples,
      loss: sum,
      onStep: (record: StepRecord) => norms.push(gradNormOf(record)),
    } as unknown as Extra;
  });
  const records = await whole.run();
  await sums.run();
  const worst = Math.max(...whole.weights().map((w, i) => Math.abs(w - sums.weights()[i])));
  t.ok(worst < 1e-5, `the weights are those of summed losses (${worst})`);
  t.ok(Math.abs(gradNormOf(records[2]) / norms[0] - 1) < 1e-4, 'and so is the norm once all three are gathered');
});

t.test('a run that goes on where another stopped ends in the same bits', async (t) => {
  const whole = tuning(2, 4, () => ({ accumulate: 2 }));
  await whole.run();
  const positions: Position[] = [];
  const first = tuning(2, 4, ({ batches }) => ({
    accumulate: 2,
    batches: [...batches].slice(0, 6),
    checkpoint: { isDue: () => true, save: (position) => void positions.push(position) },
  }));
  await first.run();
  t.same(positions.at(-1), { microBatch: 6, step: 3 });
  const { model, adapter, optimizer } = first;
  const [parameters, overlap] = [adapter.namedParameters(), mseLoss(model, { at: AT, detachSelf: true })];
  const rest = [...shuffledBatches(PAIRS, { batchSize: 4, epochs: 4, seed: 2 })].slice(6);
  const loss = (batch: TokenPair[]): Tensor => overlap(pairBatch(batch));
  const from = { microBatch: 6, step: 3 };
  const records = await train({ model, parameters, optimizer, loss, batches: rest, accumulate: 2, from });
  t.same(
    records.map(({ microBatch }) => microBatch),
    [7, 8, 9, 10, 11, 12],
  );
  t.same(first.weights(), whole.weights());
});

t.test('a gradient that is not finite is named by its parameter', async (t) => {
  const broken = tuning(1, 2);
  const { adapter, run } = broken;
  const [name, parameter] = adapter.namedParameters()[1];
  parameter.registerHook((grad) => grad.mul(Infinity));
  const before = broken.weights();
  await t.rejects(run(), new NonFiniteError(1, `the gradient of ${name} holds NaN or infinity`));
  t.same(broken.weights(), before);
});

t.test('an abort stops it between steps', async (t) => {
  const controller = new AbortController();
  const steps: number[] = [];
  const { run, model } = tuning(1, 6, () => ({
    signal: controller.signal,
    onStep: ({ step }) => {
      steps.push(step);
      if (step === 3) setImmediate(() => controller.abort(new Error('enough')));
    },
  }));
  await t.rejects(run(), /enough/);
  t.ok(steps.length < 6, `stopped after ${steps.length} steps`);
  t.equal(model.training, false);
});

t.test('clipping, schedule and checkpoints', async (t) => {
  const saved: number[] = [];
  const seen: { norm: number }[] = [];
  const { run, optimizer } = tuning(1, 3, (options) => ({
    maxGradNorm: 1e-3,
    schedule: (step) => 1 / (1 + step),
    checkpoint: { isDue: (step) => step % 4 === 0, save: ({ step }) => void saved.push(step) },
    optimizer: Object.assign(options.optimizer, {
      step() {
        const squares = options.parameters.map(([, { grad }]) => (grad ? Number(grad.square().sum().item()) : 0));
        seen.push({ norm: Math.sqrt(squares.reduce((a, b) => a + b)) });
      },
    }),
  }));
  const records = await run();
  t.same(saved, [4, 8, 9], 'every fourth step and the last');
  t.ok(
    seen.every(({ norm }) => norm <= 1.0001e-3),
    'clipped before the step',
  );
  t.ok(
    records.every((record) => gradNormOf(record) > 1e-3),
    'the norm before clipping is told',
  );
  t.same(
    records.map(({ lr }) => lr),
    records.map((_, i) => 5e-3 * (1 / (1 + i))),
  );
  t.equal(optimizer.lr, 5e-3, 'its own step size is back');
});

t.test('batches of an epoch hold every item once, in an order of the seed', async (t) => {
  const items = Array.from({ length: 10 }, (_, i) => i);
  const of = (seed: number, dropLast = false) => [
    ...shuffledBatches(items, { batchSize: 4, epochs: 2, seed, dropLast }),
  ];
  t.same(
    of(1).map((batch) => batch.length),
    [4, 4, 2, 4, 4, 2],
  );
  t.same(
    of(1, true).map((batch) => batch.length),
    [4, 4, 4, 4],
  );
  const sorted = (batches: number[][]) => batches.flat().sort((a, b) => a - b);
  t.same(sorted(of(1).slice(0, 3)), items);
  t.same(sorted(of(1).slice(3)), items);
  t.notSame(of(1).slice(0, 3), of(1).slice(3), 'a new order in each epoch');
  t.same(of(1), of(1));
  t.notSame(of(1), of(2));
  t.throws(() => [...shuffledBatches(items, { batchSize: 0, epochs: 1, seed: 1 })], /batchSize/);
});
