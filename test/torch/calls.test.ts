import t from 'tap';
import { torch, type Tensor } from '../../lib/torch';

const x = torch.tensor(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { dtype: 'float32' },
);

t.test('methods and functions, positions and names, all reach the same operator', async (t) => {
  const wanted = [[5], [14]];
  const forms: [string, () => Tensor][] = [
    ['method', () => x.sum([1], true).sub(1)],
    ['function', () => torch.sum(x, [1], true).sub(1)],
    ['names', () => x.sum({ dim: [1], keepdim: true }).sub(1)],
    ['some names', () => x.sum([1], { keepdim: true }).sub(1)],
    ['function with names', () => torch.sum(x, { dim: [1], keepdim: true }).sub(1)],
    ['a keyword-only argument too', () => x.sum([1], true, { dtype: 'float32' }).sub(1)],
    ['undefined is left out', () => x.sum([1], true, { dtype: undefined }).sub(1)],
    ['the full name', () => torch.op('sum.dim_IntList')(x, [1], true) as Tensor],
  ];
  for (const [name, form] of forms.slice(0, -1)) t.same(form().toArray(), wanted, name);
  t.same(forms.at(-1)?.[1]().toArray(), [[6], [15]]);
  t.throws(() => torch.op('sum.nonesuch'), {
    name: 'RangeError',
    message: 'op: libtorch has no operator aten::sum.nonesuch',
  });
  t.throws(() => torch.op('sum.dim_IntList')(x, 'a'), { message: /^sum: argument 'dim' must be/ });
});

t.test('the overload is chosen by the kinds of the arguments, call by call', async (t) => {
  for (let round = 0; round < 3; round++) {
    t.same(x.add(x).select(0, 0).toArray(), [2, 4, 6]);
    t.same(x.add(1).select(0, 0).toArray(), [2, 3, 4]);
    t.same(x.add(0.5).select(0, 0).toArray(), [1.5, 2.5, 3.5]);
    t.same(x.add(true).select(0, 0).toArray(), [2, 3, 4]);
    t.same(x.add(2n).select(0, 0).toArray(), [3, 4, 5]);
    t.same(x.add(x, { alpha: 2 }).select(0, 0).toArray(), [3, 6, 9]);
    t.same(torch.max(x).toArray(), 6);
    t.same(torch.max(x, 1)[0].toArray(), [3, 6]);
    t.same(torch.max(x, x.mul(2)).select(0, 0).toArray(), [2, 4, 6]);
    t.same(torch.pow(2, x).select(0, 0).toArray(), [2, 4, 8]);
    t.same(torch.pow(x, 2).select(0, 0).toArray(), [1, 4, 9]);
    t.same(torch.where(x.gt(2), x, 0).toArray(), [
      [0, 0, 3],
      [4, 5, 6],
    ]);
    t.same(torch.where(x.gt(2), 1, x).toArray(), [
      [1, 2, 1],
      [1, 1, 1],
    ]);
    t.equal(torch.where(x.gt(2)).length, 2);
    t.same(torch.arange(3).toArray(), [0, 1, 2]);
    t.same(torch.arange(1, 3).toArray(), [1, 2]);
    t.same(torch.arange(1, 8, 3).toArray(), [1, 4, 7]);
  }
});

t.test('numbers keep their kind', async (t) => {
  const whole = torch.tensor([1, 2]);
  t.equal(whole.add(1).dtype, 'int64');
  t.equal(whole.add(1.5).dtype, 'float32');
  t.equal(whole.add(true).dtype, 'int64');
  t.equal(torch.full([1], 3).dtype, 'int64');
  t.equal(torch.full([1], true).dtype, 'bool');
  t.equal(torch.full([1], 0.5).dtype, 'float32');
  t.same(torch.full([1], -0).toArray(), [-0], 'a negative zero is no integer');
  t.same(whole.add(9007199254740993n).toArray(), [9007199254740994n, 9007199254740995n]);
  t.same(torch.tensor([1, 2]).mul(2 ** 60).dtype, 'float32', 'beyond 2^53 a number is no exact integer');
  t.equal(x.softmax(-1, { dtype: 'float64' }).dtype, 'float64');
  t.throws(() => x.sum([0.5]), { message: /argument 'dim' must be/ });
  t.throws(() => x.softmax(NaN), { message: /argument 'dim' must be/ });
});

t.test('a single number stands for int[2], a tensor of one element for a number', async (t) => {
  const image = torch.ones([1, 1, 4, 4]);
  t.same(torch.maxPool2d(image, 2).shape, [1, 1, 2, 2]);
  t.same(torch.maxPool2d(image, [2, 2], 1).shape, [1, 1, 3, 3]);
  t.same(torch.avgPool2d(image, 2, { stride: 1 }).shape, [1, 1, 3, 3]);
  t.same(x.sum(1).toArray(), [6, 15]);
  t.same(torch.zeros([2]).shape, [2]);
  t.same(x.permute(Int32Array.of(1, 0) as never).shape, [3, 2], 'a typed array is a list');
  t.same(x.pow(torch.tensor(2)).select(0, 0).toArray(), [1, 4, 9]);
  t.same(x.clamp(torch.tensor(2), torch.tensor(5)).select(0, 0).toArray(), [2, 2, 3]);
  t.equal(torch.full([1], torch.tensor(7) as never).item(), 7);
  t.same(x.select(0, torch.tensor(1) as never).toArray(), [4, 5, 6]);
  t.throws(() => x.select(0, torch.tensor([1, 2]) as never), {
    message: /argument 'index' must be an integer, got a tensor int64 \[2\]/,
  });
});

t.test('in place gives back the very object; out= fills and gives back its tensor', async (t) => {
  const y = x.clone();
  t.equal(y.add_(1), y);
  t.equal(y.mul_(x), y);
  t.equal(y.clampMin_(3), y);
  t.equal(torch.relu_(y), y);
  t.equal(y.fill_(2), y);
  t.equal(y.sub_(x, { alpha: 0 }), y);
  t.equal(torch.add(x, x, { out: y }), y);
  t.same(y.toArray(), [
    [2, 4, 6],
    [8, 10, 12],
  ]);
  const [values, indices] = [torch.empty([2]), torch.empty([2], { dtype: 'int64' })];
  const both = torch.max(x, 1, false, { max: values, maxValues: indices });
  t.equal(both[0], values);
  t.equal(both[1], indices);
  t.same(indices.toArray(), [2, 2]);
  t.equal(torch._foreachAdd_([y], 1), undefined);
  t.same(y.select(0, 0).toArray(), [3, 5, 7]);
});

t.test('tuples, lists, numbers and nothing come back as such', async (t) => {
  t.equal(x.sort(1).length, 2);
  t.equal(x.split(1).length, 2);
  t.ok(x.split(1).every((part) => part.shape[0] === 1));
  t.equal(x.equal(x), true);
  t.equal(x.isFloatingPoint(), true);
  t.equal(torch.canCast('float32', 'int64'), false);
  t.equal(torch.promoteTypes('int64', 'float16'), 'float16');
  t.equal(torch.resultType(x, 1), 'float32');
  t.equal(x.dim(), 2);
  t.equal(x.isSameSize(x), true);
  const [q, r] = torch.linalgQr(x);
  t.same(
    [q.shape, r.shape],
    [
      [2, 2],
      [2, 3],
    ],
  );
  t.same(
    torch.nativeLayerNorm(x, [3], null, null, 1e-5).map((each) => each.shape),
    [
      [2, 3],
      [2, 1],
      [2, 1],
    ],
  );
  const [, mean, rstd] = torch.nativeLayerNorm(x, [3], null, null, 1e-5);
  const wanted: [boolean, boolean, boolean] = [true, false, false];
  const grads = torch.nativeLayerNormBackward(x, x, [3], mean, rstd, null, null, wanted);
  t.same(
    grads.map((grad) => grad?.shape ?? null),
    [[2, 3], null, null],
    'a result that was not asked for',
  );
});

t.test('optional tensors may be null, also inside of lists', async (t) => {
  const square = torch.arange(9).reshape([3, 3]);
  const columns = torch.tensor([0, 2]);
  t.same(square.index([null, columns]).toArray(), [
    [0, 2],
    [3, 5],
    [6, 8],
  ]);
  t.same(square.index([columns]).toArray(), [
    [0, 1, 2],
    [6, 7, 8],
  ]);
  t.same(square.index([square.gt(4)]).toArray(), [5, 6, 7, 8]);
  t.same(square.indexPut([columns, columns], torch.tensor(-1)).toArray(), [
    [-1, 1, 2],
    [3, 4, 5],
    [6, 7, -1],
  ]);
  t.same(torch.linear(x, torch.ones([1, 3]), null).toArray(), [[6], [15]]);
  t.same(torch.linear(x, torch.ones([1, 3])).toArray(), [[6], [15]]);
});

t.test('makers take dtype, device and requiresGrad', async (t) => {
  const made = torch.zeros([2, 3], { dtype: 'float64', device: 'cpu', requiresGrad: true });
  t.same([made.dtype, made.requiresGrad, made.device.toString()], ['float64', true, 'cpu']);
  t.equal(torch.randn([2], { requiresGrad: true }).requiresGrad, true);
  t.equal(torch.onesLike(x, { requiresGrad: true }).requiresGrad, true);
  t.equal(torch.rand([2], { requiresGrad: false }).requiresGrad, false);
  t.equal(torch.empty([1], { device: 'meta' }).device.type, 'meta');
  t.throws(() => torch.zeros([2], { dtype: 'int64', requiresGrad: true }), {
    message: /only floating-point and complex/,
  });
  t.throws(() => torch.zeros([2], { device: 'cuda:99' }), /cuda|CUDA|NVIDIA|backend|device/i);
});

t.test('makers that are methods take requiresGrad too', async (t) => {
  const options = { requiresGrad: true };
  const made: Tensor[] = [
    ...[x.zerosLike(options), x.onesLike(options), x.emptyLike(options), x.fullLike(2, options), x.randLike(options)],
    ...[x.randnLike(options), x.randintLike(3, { ...options, dtype: 'float32' }), x.newZeros([2], options)],
    ...[x.newOnes([2], options), x.newFull([2], 0.5, options), x.newEmpty([2], options), torch.hannWindow(4, options)],
    ...[torch.emptyStrided([2], [1], options), torch.normal(0, 1, [2], options)],
  ];
  t.same(
    made.map((each) => [each.requiresGrad, each.isLeaf]),
    made.map(() => [true, true]),
  );
  t.equal(x.zerosLike({ requiresGrad: false }).requiresGrad, false);
  t.throws(() => x.zerosLike({ requireGrad: true } as never), {
    message: "zerosLike: there is no argument 'requireGrad'",
  });
});

t.test('an operator whose tensor is not its first argument is a method all the same', async (t) => {
  // torch.polygamma of PyTorch 2.13
  const p = torch.tensor([0.5, 1.5, 3]);
  const wanted = [-16.82879638671875, -0.8287966251373291, -0.15411381423473358];
  for (const [name, work] of [
    ['polygamma', () => p.polygamma(2)],
    ['specialPolygamma', () => p.specialPolygamma(2)],
    ['function', () => torch.polygamma(2, p)],
    ['bigint', () => p.polygamma(2n)],
  ] as const)
    for (let round = 0; round < 2; round++) t.same(work().toArray(), wanted, name);
  t.throws(() => torch.polygamma(p as never, 2 as never), { message: /^polygamma: argument 'n' must be an integer/ });
});

t.test('to() converts, or gives back the tensor itself', async (t) => {
  t.equal(x.to('float32'), x);
  t.equal(x.to('cpu'), x);
  t.equal(x.to(x), x);
  t.equal(x.to('float16').dtype, 'float16');
  t.equal(x.to('cpu', 'int32').dtype, 'int32');
  t.equal(x.to('meta').device.type, 'meta');
  t.equal(x.to(torch.zeros([1], { dtype: 'float64' })).dtype, 'float64');
  t.throws(() => x.to('float33' as 'float32'), {
    message: 'to: expected a dtype, a device or a tensor, got "float33"',
  });
  const leaf = torch.tensor([1.5], { requiresGrad: true });
  leaf.to('float64').mul(2).sum().backward();
  t.same(leaf.grad?.toArray(), [2], 'the conversion is part of the graph');
});

t.test('strings reach the operators that take them', async (t) => {
  t.same(torch.einsum('ij->j', [x]).toArray(), [5, 7, 9]);
  t.same(torch.div(x, 2, { roundingMode: 'floor' }).select(0, 0).toArray(), [0, 1, 1]);
  t.same(torch.gelu(x, { approximate: 'tanh' }).shape, [2, 3]);
  t.equal(torch.pad(x, [1, 1], 'constant', 7).select(0, 0).toArray()?.toString(), '7,1,2,3,7');
  t.equal(torch.meshgrid([torch.arange(2), torch.arange(3)], { indexing: 'xy' })[0]?.shape.join(), '3,2');
  t.throws(() => torch.einsum('ij->', []), /einsum/);
});
