import t from 'tap';
import { torch } from '../../lib/torch';

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
    [() => lowest.lcm(lowest), /^lcm .*: the lowest integer/],
    [
      () => torch.upsampleNearest1d(a.unsqueeze(0), [6], 1e-300),
      /^upsampleNearest1d .*: the scale 1e-300 is out of bounds$/,
    ],
    [() => torch.specialLegendrePolynomialP(a, 2 ** 60), /^specialLegendrePolynomialP .*: 'n' must be at most 2\^20$/],
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
      /^avgPool2dBackward .*: 'grad_output' must be \[1, 1, 2, 2\], got \[1, 1, 4, 4\]$/,
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
