import t from 'tap';
import { torch, type Generator, type Tensor } from '../../lib/torch';

// Operators whose kernels trust their arguments: what would end the process throws, and what fits goes through.
// test/fuzz/operators.test.ts looks for more of them.

const a = torch.ones([2, 3]);
const indices = (values: number[], dtype: 'int32' | 'int64' = 'int64') => torch.tensor(values, { dtype });
const floats = (values: number[][] | number[][][]) => torch.tensor(values, { dtype: 'float32' });
const lowest = torch.full([1], -(2n ** 63n), { dtype: 'int64' });
const adam = { lr: 0.1, beta1: 0.9, beta2: 0.99, weightDecay: 0, eps: 1e-8, amsgrad: false, maximize: false };
const image = torch.ones([1, 1, 4, 4]);

t.test('arguments that would end the process throw', async (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => lowest.div(-1, { roundingMode: 'trunc' }), /^div .*: the lowest integer cannot be divided by -1$/],
    [() => lowest.div(torch.tensor([-1]), { roundingMode: 'trunc' }), /^div .*: the lowest integer cannot be/],
    [() => lowest.div(0, { roundingMode: 'trunc' }), /^div .*: ZeroDivisionError$/],
    [() => lowest.lcm(torch.tensor([5])), /^lcm .*: the lowest integer/],
    [
      () => torch.segmentReduce(torch.ones([4]), 'sum', { lengths: indices([3, 3]), unsafe: true }),
      /^segmentReduce .*: 'lengths' must sum to 4$/,
    ],
    [
      () => torch.ctcLoss(torch.zeros([5, 2, 4]), indices([1, 2, 9, 0]).view([2, 2]), [5, 5], [2, 1]),
      /^ctcLoss .*: 'targets' must be from 0 to below 4, got 9$/,
    ],
    [
      () => torch.upsampleNearest1d(a.unsqueeze(0), [6], 1e-300),
      /^upsampleNearest1d .*: the scale 1e-300 is out of bounds$/,
    ],
    [
      () => torch.specialLegendrePolynomialP(a.div(2), 2 ** 60),
      /^specialLegendrePolynomialP .*: 'n' asks for more than 2\^31 steps$/,
    ],
    [() => a.random_(2n ** 63n - 1n, null), /^random_ .*: 'from' is out of bounds$/],
    [
      () => torch.linalgLuSolve(torch.eye(2), indices([9, 9], 'int32'), a),
      /^linalgLuSolve .*: 'pivots' must be from 1 to below 3, got 9$/,
    ],
    [
      () => torch.linalgLdlSolve(torch.eye(2), indices([-1, 1], 'int32'), a),
      /^linalgLdlSolve .*: 'pivots' must be positive, or negative in pairs$/,
    ],
    [
      () => torch.avgPool2dBackward(image, image, [2, 2], [2, 2], [0, 0], false, true, null),
      /^avgPool2dBackward .*: 'gradOutput' must be \[1, 1, 2, 2\], got \[1, 1, 4, 4\]$/,
    ],
    [
      () => torch.gridSampler(image.detach().requiresGrad_(), torch.full([1, 2, 2, 2], Infinity), 0, 2, false),
      /^gridSampler .*: 'grid' must not hold NaN or infinities when gradients are wanted$/,
    ],
    [
      () => torch.embeddingBag(a, indices([5]), indices([0])),
      /^embeddingBag .*: 'indices' must be from 0 to below 2, got 5$/,
    ],
    [
      () => torch.op('_fused_adam_')([a], [], [], [], [], [], adam),
      /^_fusedAdam_ .*: 'grads' must be as long as 'self'$/,
    ],
    [() => torch.op('_reshape_alias')(a, [9], [9]), /^_reshapeAlias: it is a step inside of other operators/],
  ];
  for (const [work, message] of cases) t.throws(work, { message });
});

t.test('arguments that fit go through', async (t) => {
  t.same(indices([-7, 7]).div(2, { roundingMode: 'trunc' }).toArray(), [-3n, 3n]);
  t.same(torch.upsampleNearest1d(floats([[[1, 2]]]), [4], 2).toArray(), [[[1, 1, 2, 2]]]);
  const matrix = floats([
    [0, 2],
    [1, 0],
  ]);
  const [factors, pivots] = torch.linalgLuFactor(matrix);
  const solution = torch.linalgLuSolve(factors, pivots, floats([[4], [3]]));
  t.same(solution.toArray(), [[3], [2]]);
  const [ldl, rows] = torch.linalgLdlFactor(
    floats([
      [0, 2],
      [2, 0],
    ]),
  );
  t.same(torch.linalgLdlSolve(ldl, rows, floats([[4], [6]])).toArray(), [[3], [2]]);
  const gradient = torch.avgPool2dBackward(torch.ones([1, 1, 2, 2]), image, [2, 2], [2, 2], [0, 0], false, true, null);
  t.equal(gradient.sum().item(), 4);
  // One layer of two inputs and three hidden units, on a sequence of two and on its packed form.
  const zeros = (...shape: number[]) => torch.zeros(shape);
  const params = [zeros(12, 2), zeros(12, 3), zeros(12), zeros(12)];
  const state = [zeros(1, 1, 3), zeros(1, 1, 3)];
  const [output] = torch.lstm(zeros(2, 1, 2), state, params, true, 1, 0, false, false, false);
  t.same(output.shape, [2, 1, 3]);
  const [packed] = torch.lstm(zeros(2, 2), indices([1, 1]), state, params, true, 1, 0, false, false);
  t.same(packed.shape, [2, 3]);
  t.same(torch._padPackedSequence(packed, indices([1, 1]), false, 0, 2)[0].shape, [2, 1, 3]);
});

// What PyTorch 2.13 computes for these, as it was printed there.
type Tap = Pick<typeof t, 'equal' | 'ok'>;
const near = (t: Tap, got: Tensor | null | undefined, wanted: readonly number[], name: string) => {
  const values = (got?.flatten().toArray() ?? []) as number[];
  t.equal(values.length, wanted.length, name);
  values.forEach((value, i) =>
    t.ok(Math.abs(value - wanted[i]) < 1e-6 * Math.max(1, Math.abs(value)), `${name} ${value}`),
  );
};

t.test('what only looks like a wrong argument goes through', async (t) => {
  const low = torch.tensor([-(2n ** 63n), 5n]);
  const trunc = { roundingMode: 'trunc' };
  t.same(low.div(2, trunc).toArray(), [-(2n ** 62n), 2]);
  t.same(low.div(torch.tensor([2, 2]), trunc).toArray(), [-(2n ** 62n), 2]);
  t.same(low.clone().div_(2, trunc).toArray(), [-(2n ** 62n), 2]);
  t.same(low.div(2.5, trunc).toArray(), [-3689348869717491712, 2]);
  const int = torch.tensor([-(2 ** 31), 5], { dtype: 'int32' });
  t.same(int.div(2, trunc).toArray(), [-(2 ** 30), 2]);
  t.same(int.div(torch.tensor([-1]), trunc).toArray(), [2 ** 31, -5], 'in 64 bits it fits');
  t.same(low.lcm(torch.tensor([3, 3])).toArray(), [-(2n ** 63n), 15]);
  t.same(lowest.lcm(lowest).toArray(), [-(2n ** 63n)]);

  const drawn = (draw: (zeros: Tensor, generator: { generator: Generator }) => Tensor) =>
    draw(torch.zeros([2], { dtype: 'int64' }), { generator: torch.generator({ seed: 3 }) }).toArray();
  const wanted = [937055941807507097n, 3839649608876091012n];
  t.same(
    drawn((zeros, generator) => zeros.random_(0, 2n ** 63n - 1n, generator)),
    wanted,
  );
  t.same(
    drawn((zeros, generator) => zeros.random_(2n ** 63n - 1n, generator)),
    wanted,
  );

  const lengths = indices([1, 3]);
  const data = torch.tensor([1, 2, 3, 8], { dtype: 'float32' });
  t.same(torch.segmentReduce(data, 'sum', { lengths, unsafe: true }).toArray(), [1, 13]);
  const [, lower, upper] = torch.luUnpack(
    floats([
      [2, 1],
      [0.5, 3],
    ]),
    torch.zeros([2], { dtype: 'int32' }),
    true,
    false,
  );
  t.same(
    [lower.toArray(), upper.toArray()],
    [
      [
        [1, 0],
        [0.5, 1],
      ],
      [
        [2, 1],
        [0, 3],
      ],
    ],
  );
  t.equal(torch.luUnpack(torch.eye(3), torch.zeros([0], { dtype: 'int32' }), true, false)[0].numel(), 0);
  const backward = torch.smoothL1LossBackward(
    torch.tensor(1, { dtype: 'float32' }),
    torch.tensor([0.5, 3, 1.25]),
    indices([0, 1, 1]),
    1,
    1,
  );
  near(t, backward, [1 / 6, 1 / 3, 1 / 12], 'smoothL1LossBackward');
  const points = torch.tensor([0.5, 3], { dtype: 'float64' });
  near(t, torch.specialLaguerrePolynomialL(points, 2 ** 21), [0.01019514093767842, -0.010879631885857971], 'Laguerre');
  const high = torch.specialLegendrePolynomialP(torch.tensor([1, 3], { dtype: 'float32' }), 2 ** 60);
  t.same(high.toArray(), [1, NaN], 'it overflows at once');
  t.equal(torch.op('copy')(torch.ones([3], { device: 'meta' }), torch.ones([3])) instanceof Object, true);
});

t.test('CTC loss reads the targets of each length, and no padding', async (t) => {
  const logits = torch.arange(40, { dtype: 'float32' }).reshape([5, 2, 4]).sin().requiresGrad_();
  const loss = (padding: number, other: number) =>
    torch.ctcLoss(
      logits.logSoftmax(-1),
      indices([1, 2, padding, 1, other, padding]).view([2, 3]),
      [5, 5],
      [2, 1],
      0,
      1,
    );
  near(t, loss(-1, -1), [3.742011785507202], 'padded with -1');
  near(t, loss(-100, 99), [3.742011785507202], 'padded with other numbers');
  loss(-1, -1).backward();
  t.ok(logits.grad?.isfinite().all().item());
  const lengths = indices([2, 1]);
  const targets = indices([1, 2, -1, 1, -1, -1]).view([2, 3]);
  near(
    t,
    torch.ctcLoss(logits.logSoftmax(-1), targets, indices([5, 5]), lengths, 0, 1),
    [3.742011785507202],
    'as tensors',
  );
});

t.test('weight norm over any dimension', async (t) => {
  const v = torch.arange(24, { dtype: 'float32' }).reshape([2, 3, 4]).requiresGrad_();
  const g = torch.tensor([[[1], [2], [3]]], { dtype: 'float32', requiresGrad: true });
  const result = torch._weightNorm(v, g, 1);
  near(t, result.sum(), [15.085830688476562], 'value');
  result.sum().backward();
  near(t, g.grad, [2.193817377090454, 2.4983770847320557, 2.631753444671631], 'gradient of g');
  near(
    t,
    v.grad?.select(0, 0).select(0, 0),
    [0.03656361997127533, 0.03363071009516716, 0.03069779835641384, 0.027764886617660522],
    'gradient of v',
  );
  near(t, torch._weightNorm(v, torch.tensor([2], { dtype: 'float32' }), -1).sum(), [8.394527435302734], 'over all');
});

t.test('layer norm of half precision with float32 weights', async (t) => {
  const x = torch.arange(6, { dtype: 'bfloat16' }).reshape([2, 3]);
  const [weight, bias] = [torch.tensor([1, 2, 0.5]), torch.zeros([3])];
  const [, mean, rstd] = torch.nativeLayerNorm(x, [3], weight, bias, 1e-5);
  const grad = torch
    .tensor([[1, 2, 3]], { dtype: 'bfloat16' })
    .expand([2, 3])
    .contiguous();
  const grads = torch.nativeLayerNormBackward(grad, x, [3], mean, rstd, weight, bias, [true, true, true]);
  t.same(
    grads.map((each) => each?.dtype),
    ['bfloat16', 'float32', 'float32'],
  );
  near(t, grads[0], [-1.125, 2.25, -1.125, -1.125, 2.25, -1.125], 'input');
  near(t, grads[1], [-2.453125, 0, 7.34375], 'weight');
  near(t, grads[2], [2, 4, 6], 'bias');
});
