import t from 'tap';
import {
  activationOf,
  batchMeanKl,
  capabilityLoss,
  compareAt,
  klLoss,
  meanKl,
  meanSquare,
  mseLoss,
  weightedSum,
  type PairBatch,
} from '../../lib/soo';
import type { Tensor } from '../../lib/torch';
import { padLeft, pairBatch, torch } from '../device';
import { numbers } from '../parity/expected';
import { freshTiny, tinyModel, tunedTiny } from './tiny';

torch.setNumThreads(1);

type Tap = typeof t;
const item = (tensor: Tensor): number => Number(tensor.item());
const near = (t: Pick<Tap, 'ok'>, actual: number, wanted: number, what: string): void =>
  void t.ok(Math.abs(actual - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted)), `${what}: ${actual} (${wanted})`);

/** Two sides [1, 3, 2] with hand-made numbers. */
const self = torch.tensor(
  [
    [
      [0, 0],
      [1, 3],
      [2, 2],
    ],
  ],
  { dtype: 'float32' },
);
const other = torch.tensor(
  [
    [
      [4, 0],
      [1, 1],
      [5, 2],
    ],
  ],
  { dtype: 'float32' },
);

t.test('mean square by hand', async (t) => {
  // Squared differences: 16 0 | 0 4 | 9 0
  near(t, item(meanSquare({ self, other, mask: undefined })), 29 / 6, 'every position');
  near(t, item(meanSquare({ self, other, mask: torch.tensor([[false, true, true]]) })), 13 / 4, 'two of three');
  near(t, item(meanSquare({ self, other: self, mask: undefined })), 0, 'equal sides');
});

t.test('KL by hand: summed over positions, divided by the batch', async (t) => {
  const logits = (p: number): number[] => [Math.log(p), Math.log(1 - p)];
  const sides = (a: number[], b: number[]) => ({
    self: torch.tensor([a.map(logits)], { dtype: 'float64' }),
    other: torch.tensor([b.map(logits)], { dtype: 'float64' }),
  });
  const kl = (p: number, q: number): number => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  const two = sides([0.5, 0.9], [0.2, 0.6]);
  const wanted = kl(0.2, 0.5) + kl(0.6, 0.9);
  near(t, item(batchMeanKl({ ...two, mask: undefined })), wanted, 'KL(other || self), one pair');
  near(t, item(batchMeanKl({ ...two, mask: torch.tensor([[false, true]]) })), kl(0.6, 0.9), 'one position left out');
  const twice = (x: Tensor): Tensor => torch.cat([x, x], 0);
  near(t, item(batchMeanKl({ self: twice(two.self), other: twice(two.other), mask: undefined })), wanted, 'batch of 2');
  const shifted = { self: two.self.add(7), other: two.other.sub(3), mask: undefined };
  near(t, item(batchMeanKl(shifted)), wanted, 'logits may be shifted');

  const mean = (kl(0.2, 0.5) + kl(0.6, 0.9)) / 2;
  near(t, item(meanKl(two.other, two.self)), mean, 'per position');
  near(t, item(meanKl(two.other, two.self, torch.tensor([[0, 1]]))), kl(0.6, 0.9), 'per real position');
});

t.test('which positions count', async (t) => {
  // Aligned at the ends: . . 1 9 5 / . 1 2 7 5, one more column of pads.
  const batch = pairBatch([{ selfIds: [1, 9, 5], otherIds: [1, 2, 7, 5] }], { width: 5 });
  const values = torch.arange(5).view([1, 5, 1]).to('float32');
  const counted = (choice: object): number[] | undefined => {
    const { self, mask } = compareAt(values, values, batch, choice);
    return mask ? numbers(self.view([-1])).filter((_, i) => numbers(mask)[i]) : numbers(self.view([-1]));
  };
  t.same(counted({}), [2, 3, 4], 'all: real on both sides');
  t.same(counted({ countPads: true }), [0, 1, 2, 3, 4], 'all, pads counted');
  t.same(counted({ positions: 'last' }), [4]);
  t.same(counted({ positions: 'differing' }), [2, 3], 'differing tokens, pads left out');

  const equal = pairBatch([{ selfIds: [1, 9, 5], otherIds: [1, 8, 5] }]);
  t.equal(equal.self.attentionMask, undefined, 'nothing is padded');
  t.equal(compareAt(values, values, equal).mask, undefined);
  const same = pairBatch([{ selfIds: [1, 9], otherIds: [1, 9] }]);
  const nothing = compareAt(values.narrow(1, 0, 2), values.narrow(1, 1, 2), same, { positions: 'differing' });
  t.equal(meanSquare(nothing).item(), 0, 'where nothing differs, nothing is apart');
  t.throws(() => pairBatch([]), /wanted pairs, got none/);
  t.throws(
    () =>
      pairBatch([
        { selfIds: [1], otherIds: [1] },
        { selfIds: [], otherIds: [1] },
      ]),
    /self side of pair 1/,
  );
  t.throws(() => pairBatch([{ selfIds: [1, 2, 3], otherIds: [1] }], { width: 2 }), /more than 2/);
});

const PAIRS = [
  { selfIds: [1, 20, 31, 42], otherIds: [1, 20, 37, 42] },
  { selfIds: [1, 9, 42], otherIds: [1, 20, 37, 50, 42] },
];
const AT = 'model.layers.1.self_attn.o_proj';

t.test('pads do not count unless asked: padding further changes nothing', async (t) => {
  const { model } = tunedTiny();
  const losses = { mse: mseLoss(model, { at: AT }), kl: klLoss(model), last: klLoss(model, { positions: 'last' }) };
  for (const [name, loss] of Object.entries(losses)) {
    const [tight, wide] = [item(loss(pairBatch(PAIRS))), item(loss(pairBatch(PAIRS, { width: 11 })))];
    t.ok(Math.abs(tight - wide) < 1e-5 * tight, `${name}: ${tight} and ${wide}`);
  }
  const counting = mseLoss(model, { at: AT, countPads: true });
  t.not(item(counting(pairBatch(PAIRS, { width: 11 }))), item(counting(pairBatch(PAIRS))), 'counted, they matter');
});

t.test('the self side stays where it is when detached', async (t) => {
  for (const make of [
    (model: ReturnType<typeof tinyModel>, detachSelf: boolean) => mseLoss(model, { at: AT, detachSelf }),
    (model: ReturnType<typeof tinyModel>, detachSelf: boolean) => klLoss(model, { detachSelf }),
  ]) {
    const { model, adapter } = tunedTiny();
    const gradient = (batch: PairBatch, detachSelf: boolean): number[] => {
      const grads = torch.grad(make(model, detachSelf)(batch), adapter.parameters(), { allowUnused: true });
      return grads.flatMap((grad) => (grad ? numbers(grad) : []));
    };
    const batch = pairBatch(PAIRS);
    const [both, detached] = [gradient(batch, false), gradient(batch, true)];
    t.notSame(detached, both, 'another gradient');
    t.ok(
      detached.some((entry) => entry !== 0),
      'the other side still gets one',
    );
  }
});

t.test('an activation carries gradient, and no module after it runs', async (t) => {
  const { model, adapter } = tunedTiny();
  const ran: string[] = [];
  for (const [name, module] of model.namedModules()) {
    if (name) module.registerForwardHook(() => void ran.push(name));
  }
  const { self } = pairBatch(PAIRS);
  const activation = activationOf(model, 'model.layers.0.self_attn.o_proj', self);
  t.same(activation.shape, [2, 5, 32]);
  t.ok(activation.requiresGrad);
  t.ok(ran.includes('model.layers.0.self_attn.o_proj'));
  t.notOk(
    ran.some((name) => name.startsWith('model.layers.1') || name.includes('mlp') || name === 'lm_head'),
    'nothing after it',
  );
  const [gradA] = torch.grad(activation.square().sum(), [adapter.parameters()[0]]);
  t.ok(gradA && item(gradA.abs().sum()) > 0);

  const whole = activationOf(model, 'lm_head', self);
  t.same(numbers(whole), numbers(model.call(self.ids, { attentionMask: self.attentionMask })), 'the hooks are gone');
  t.throws(() => mseLoss(model, { at: 'model.layers.7.self_attn.o_proj' }), /no module|holds/);
});

t.test('the capability term is 0 but for rounding before tuning, and positive after', async (t) => {
  const documents = padLeft([
    [1, 11, 12, 13],
    [1, 21],
  ]);
  const fresh = freshTiny(1, 0.2);
  fresh.model.train();
  // The frozen pass records no graph and takes a shorter way through the norms.
  t.ok(Math.abs(item(capabilityLoss(fresh.model, fresh.adapter)(documents))) < 1e-6);
  const tuned = tunedTiny();
  t.ok(item(capabilityLoss(tuned.model, tuned.adapter)(documents)) > 0);
  const base = capabilityLoss(tuned.model, tuned.adapter)(documents);
  base.backward();
  t.ok(tuned.adapter.parameters()[0].grad, 'with gradient');
});

t.test('a weighted sum keeps its parts', async (t) => {
  const of = (value: number) => () => torch.tensor(value, { dtype: 'float32' });
  const { total, parts } = weightedSum<null>({ a: [2, of(3)], b: [0.5, of(8)] })(null);
  t.equal(item(total), 10);
  t.same(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, item(part)])), { a: 3, b: 8 });
  t.throws(() => weightedSum({}), /at least one/);
  t.throws(() => weightedSum<null>({ a: [Infinity, of(1)] }), /weight of 'a' is Infinity/);
});
