import t, { type Test } from 'tap';
import { Parameter } from '../../lib/nn';
import { Adam, AdamW, clipGradNorm, type AdamOptions } from '../../lib/optim';
import type { Tensor } from '../../lib/torch';
import { torch } from '../device';
import { largestDifference, numbers } from '../parity/expected';

function parameter(values: number[]): Parameter {
  return new Parameter(torch.tensor(values, { dtype: 'float32' }));
}

/** One step down the gradient of sum(p²). */
function descend(optimizer: Adam, params: Tensor[]): void {
  torch.scope(() => {
    optimizer.zeroGrad();
    torch
      .stack(params.map((p) => p.to('float32').pow(2).sum()))
      .sum()
      .backward();
    optimizer.step();
  });
}

t.test('parameters without a gradient are left alone and stay young', async (t) => {
  const [used, idle] = [parameter([1, 2]), parameter([3])];
  const optimizer = new AdamW([used, idle], { weightDecay: 0.5 });
  descend(optimizer, [used]);
  t.same(numbers(idle), [3], 'not even decayed');
  t.notSame(numbers(used), [1, 2]);
  t.same(optimizer.stateDict().meta.steps, { 0: 1 });
});

t.test('dtypes are moved together, each in its own kernel call', async (t) => {
  const half = new Parameter(torch.tensor([1, 2], { dtype: 'bfloat16' }));
  const double = new Parameter(torch.tensor([1, 2], { dtype: 'float64' }));
  const optimizer = new Adam([half, double], { lr: 0.25 });
  descend(optimizer, [half, double]);
  t.same(numbers(half), [0.75, 1.75]);
  t.ok(Math.abs(numbers(double)[0] - 0.75) < 1e-6);
});

t.test('a step inside a scope keeps the state it makes, and leaks nothing', async (t) => {
  const p = parameter([1, 2, 3]);
  const optimizer = new AdamW([p], { amsgrad: true });
  descend(optimizer, [p]);
  const before = torch.memory().tensors;
  for (let i = 0; i < 5; i++) descend(optimizer, [p]);
  t.equal(torch.memory().tensors, before);
  t.notOk(p.requiresGrad === false);
  optimizer.dispose();
  t.equal(torch.memory().tensors, before - 3, 'three moments freed');
});

t.test('the step size can be set between steps, for all groups or one', async (t) => {
  const [a, b] = [parameter([1]), parameter([1])];
  const optimizer = new Adam([{ params: [a] }, { params: [b], lr: 0.5 }], { lr: 0.1 });
  t.same([optimizer.lr, optimizer.groups[1].lr], [0.1, 0.5]);
  optimizer.groups[1].lr = 0;
  descend(optimizer, [a, b]);
  t.same(numbers(b), [1]);
  t.ok(Math.abs(numbers(a)[0] - 0.9) < 1e-6);
  optimizer.lr = 0;
  const still = numbers(a);
  descend(optimizer, [a, b]);
  t.same(numbers(a), still);
});

t.test('state saves and loads: the path goes on as if never interrupted', async (t) => {
  const [whole, first] = [parameter([1, -2, 3]), parameter([1, -2, 3])];
  const straight = new AdamW([whole], { lr: 0.05, amsgrad: true });
  const before = new AdamW([first], { lr: 0.05, amsgrad: true });
  for (let i = 0; i < 4; i++) {
    descend(straight, [whole]);
    descend(before, [first]);
  }
  const saved = before.stateDict();
  t.same([...saved.tensors.keys()], ['0.exp_avg', '0.exp_avg_sq', '0.max_exp_avg_sq']);
  const meta = JSON.parse(JSON.stringify(saved.meta)) as typeof saved.meta;
  const resumed = parameter(numbers(first));
  const after = new AdamW([resumed], { lr: 0.9 });
  after.loadStateDict({ tensors: saved.tensors, meta });
  t.equal(after.lr, 0.05);
  for (let i = 0; i < 4; i++) {
    descend(straight, [whole]);
    descend(after, [resumed]);
    descend(before, [first]);
  }
  t.same(numbers(resumed), numbers(whole));
  t.same(numbers(first), numbers(whole), 'loading copied: the first optimiser went on undisturbed');
});

t.test('a state that does not fit is refused', async (t) => {
  const p = parameter([1, 2]);
  const optimizer = new AdamW([p]);
  descend(optimizer, [p]);
  const state = optimizer.stateDict();
  const refused = (load: () => void, message: string): void => void t.throws(load, { message });
  refused(() => new Adam([p]).loadStateDict(state), 'Adam.loadStateDict: expected the state of Adam, got AdamW');
  refused(
    () => new AdamW([p, parameter([1])]).loadStateDict(state),
    'AdamW.loadStateDict: expected groups of [2] parameters, got [1]',
  );
  refused(() => new AdamW([parameter([1])]).loadStateDict(state), 'AdamW.loadStateDict: 0.exp_avg wants [1], got [2]');
  refused(
    () => new AdamW([p]).loadStateDict({ meta: state.meta, tensors: new Map() }),
    'AdamW.loadStateDict: 0.exp_avg is missing',
  );
});

t.test('refusals', async (t) => {
  const p = parameter([1]);
  const refused = (make: () => unknown, message: string): void => void t.throws(make, { message });
  refused(() => new Adam([]), 'Adam: expected at least one parameter, got none');
  refused(() => new AdamW([p, p]), 'AdamW: a parameter appears twice');
  refused(() => new AdamW([p], { lr: -1 }), 'AdamW: expected lr >= 0, got -1');
  refused(() => new AdamW([p], { lr: NaN }), 'AdamW: expected lr >= 0, got NaN');
  refused(() => new AdamW([p], { betas: [0.9, 1] }), 'AdamW: expected betas in [0, 1), got 1');
  refused(() => new AdamW([p.mul(2)]), 'AdamW: expected leaves of the graph, got a computed tensor');
});

/** Steps once by itself and once in one call, with gradients above the bound, below it, and none at all. */
function steppedBothWays(t: Test, options: AdamOptions): void {
  torch.manualSeed(1);
  const start = torch.randn([1003]);
  const [apart, joined] = [new Parameter(start.clone()), new Parameter(start.clone())];
  const [separate, together] = [new Adam([apart], options), new Adam([joined], options)];
  for (const size of [1, 1e-3, 0, 5]) {
    const gradient = torch.randn([1003]).mul(size);
    apart.grad = gradient.clone();
    const norm = clipGradNorm([apart], 0.5);
    separate.step();
    const other = together.clippedStep(gradient, 0.5);
    t.ok(Math.abs(other - norm) <= 1e-5 * norm, `the norm before clipping, of ${size}`);
    t.ok(largestDifference(numbers(joined.grad!), numbers(apart.grad)) < 1e-7, 'the gradient is clipped');
    t.ok(largestDifference(numbers(joined), numbers(apart)) < 1e-6, 'the parameters');
  }
  const [one, two] = [separate.stateDict(), together.stateDict()];
  t.same(two.meta, one.meta, 'steps are counted');
  for (const [name, tensor] of one.tensors) {
    t.ok(largestDifference(numbers(two.tensors.get(name)!), numbers(tensor)) < 1e-6, name);
  }
}

t.test('a clipped step in one call is what clipping and stepping are', async (t) => {
  steppedBothWays(t, { lr: 0.1, betas: [0.8, 0.95], eps: 1e-3 });
  steppedBothWays(t, { lr: 0.1, weightDecay: 0.1, amsgrad: true });
});

t.test('a clipped step lets NaN spread, and wants one parameter', async (t) => {
  const p = parameter([1, 2]);
  t.ok(Number.isNaN(new Adam([p]).clippedStep(torch.tensor([NaN, 1]), 1)));
  t.ok(numbers(p).every(Number.isNaN));
  const message = 'Adam.clippedStep: expected an optimiser of one parameter';
  t.throws(() => new Adam([p, parameter([1])]).clippedStep(torch.ones([2]), 1), new RangeError(message));
});
