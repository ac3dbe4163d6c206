import t from 'tap';
import { torch, type DType, type Tensor } from '../../lib/torch';

// Numbers on their way to operators and tensors. What PyTorch 2.13 gives or refuses stands here as it was printed there.

const x = torch.tensor([0, 1, 2, 3], { dtype: 'float32' });
const plane = torch.tensor(
  [
    [1, 2],
    [3, 4],
  ],
  { dtype: 'float32' },
);
const c = torch.complex(plane, plane);
const complex = (re: number, im: number) => ({ re, im });

t.test('a tensor stands for a number only where no gradient is lost', async (t) => {
  const slope = torch.full([], 0.5, { requiresGrad: true });
  const number = slope as unknown as number;
  const refused: [string, () => unknown][] = [
    ['leakyRelu', () => torch.leakyRelu(x, number)],
    ['add', () => x.add(x, { alpha: number })],
    ['addcmul', () => x.addcmul(x, x, { value: number })],
    ['elu', () => torch.elu(x, number)],
    ['softplus', () => torch.softplus(x, number)],
    ['hardtanh', () => torch.hardtanh(x, number, 1)],
    ['full', () => torch.full([1], number)],
    ['layerNorm', () => torch.layerNorm(x, [4], null, null, number)],
    ['huberLoss', () => torch.huberLoss(x, x, 1, number)],
    ['dropout', () => torch.dropout(x, number, true)],
  ];
  for (const [name, work] of refused) {
    t.throws(
      work,
      { name: 'TypeError', message: /must be a number.*, got a tensor float32 \[\] that requires a gradient$/ },
      name,
    );
  }
  t.throws(() => torch.leakyRelu(x, torch.full([1], 0.5) as never), { message: /got a tensor float32 \[1\]$/ });
  t.throws(() => torch.full([1], torch.full([1, 1], 2) as never), { message: /got a tensor int64 \[1, 1\]$/ });
  t.throws(() => x.select(0, torch.tensor(1.5) as never), {
    message: /'index' must be an integer, got a tensor float32/,
  });
  t.throws(() => x.select(0, torch.tensor(true) as never), {
    message: /'index' must be an integer, got a tensor bool/,
  });
  t.same(torch.leakyRelu(x.neg(), slope.detach() as never).toArray(), [0, -0.5, -1, -1.5]);
  t.same(torch.leakyRelu(x.neg(), true).toArray(), [0, -1, -2, -3]);
  t.equal(torch.layerNorm(x, [4], null, null, 1n as never).numel(), 4, 'an integer is a number');
});

t.test('integers that do not fit are refused, others converted as PyTorch does', async (t) => {
  const refused: [DType, (number | bigint)[]][] = [
    ['uint8', [300, -256, 255.9, -1.5, NaN]],
    ['uint16', [65536, -Infinity]],
    ['uint64', [-1, 2n ** 64n]],
    ['int8', [200, -129, 127.5, -128.5]],
    ['int16', [70000]],
    ['int32', [2 ** 40, 2n ** 40n, 2 ** 31, 1e30, Infinity]],
    ['int64', [1e30, NaN, 2n ** 63n]],
  ];
  for (const [dtype, values] of refused) {
    for (const value of values) {
      const message = `tensor: ${value} does not fit in ${dtype}`;
      t.throws(() => torch.tensor([value], { dtype }), { name: 'RangeError', message });
      t.throws(() => torch.tensor(value, { dtype }), { message });
    }
  }
  const taken: [DType, (number | bigint)[], unknown[]][] = [
    ['uint8', [-1, -255, 255], [255, 1, 255]],
    ['uint16', [-1], [65535]],
    ['uint32', [-1], [4294967295]],
    ['uint64', [2n ** 64n - 1n], [2n ** 64n - 1n]],
    ['int8', [-1.9, 127], [-1, 127]],
    ['int64', [1.9], [1]],
    ['bool', [NaN, 300, 1e300, 2n ** 70n], [true, true, true, true]],
    ['float32', [1e300], [Infinity]],
    ['float16', [70000], [Infinity]],
    ['float64', [2n ** 70n], [2 ** 70]],
  ];
  for (const [dtype, values, wanted] of taken) t.same(torch.tensor(values, { dtype }).toArray(), wanted, dtype);
  t.equal(torch.full([1], 3, { dtype: 'uint8' }).item(), 3);
});

t.test('bigints of 64 bits without sign', async (t) => {
  const most = 2n ** 64n - 1n;
  t.equal(torch.full([1], 2n ** 63n, { dtype: 'uint64' }).item<bigint>(), 2n ** 63n);
  t.equal(torch.zeros([1], { dtype: 'uint64' }).fill_(most).item<bigint>(), most);
  t.throws(() => torch.full([1], 2n ** 63n), { message: /cannot be converted to type int64_t without overflow/ });
  t.throws(() => torch.full([1], 2n ** 64n, { dtype: 'uint64' }), { message: /64 bits/ });
  const draw = (seed: bigint | number) => torch.rand([3], { generator: torch.generator({ seed }) }).toArray();
  t.same(draw(most), draw(-1), 'PyTorch takes a negative seed for its bits');
  t.notSame(draw(most), draw(0));
  t.throws(() => torch.generator({ seed: 2n ** 64n }), { message: /64 bits/ });
});

t.test('-0 is no integer', async (t) => {
  t.same(torch.tensor([-0]).toArray(), [-0]);
  t.equal(torch.tensor([1, -0]).dtype, 'float32');
  t.equal(torch.tensor([-0], { dtype: 'int64' }).item(), 0);
});

t.test('complex numbers go where numbers go', async (t) => {
  const i = complex(0, 1);
  const cases: [string, Tensor, unknown][] = [
    ['full', torch.full([2], complex(1, 2)), [complex(1, 2), complex(1, 2)]],
    ['fullLike', torch.fullLike(c, complex(1, -1)).select(0, 0), [complex(1, -1), complex(1, -1)]],
    ['newFull', c.newFull([1], i), [i]],
    ['mul', c.mul(complex(1, 2)).select(0, 0), [complex(-1, 3), complex(-2, 6)]],
    ['add to a real tensor', plane.add(i).select(0, 1), [complex(3, 1), complex(4, 1)]],
    ['addcmul', torch.addcmul(c, c, c, { value: i }).select(0, 0), [complex(-1, 1), complex(-6, 2)]],
    ['maskedFill', c.maskedFill(plane.gt(2), complex(0, 3)).select(0, 1), [complex(0, 3), complex(0, 3)]],
    ['indexFill', c.indexFill(0, torch.tensor([0]), complex(2, -1)).select(0, 0), [complex(2, -1), complex(2, -1)]],
    ['constantPadNd', torch.constantPadNd(c, [1, 0], i).select(0, 0), [i, complex(1, 1), complex(2, 2)]],
    [
      'addmm',
      torch.addmm(c, c, c, { beta: complex(1, 1), alpha: complex(0, 2) }).select(0, 0),
      [complex(-28, 2), complex(-40, 4)],
    ],
    ['a list', torch._foreachMul([c], i)[0]?.select(0, 0), [complex(-1, 1), complex(-2, 2)]],
    ['mul(number, tensor)', torch.mul(i, torch.tensor([1, 2])), [i, complex(0, 2)]],
    ['a tensor in its place', torch.full([1], torch.tensor(complex(1, 1)) as never), [complex(1, 1)]],
  ];
  for (const [name, got, wanted] of cases) t.same(got.toArray(), wanted, name);
  t.throws(() => torch.leakyRelu(x, complex(1, 1)), { message: /without overflow|Complex|complex/ });
  t.throws(() => torch.layerNorm(x, [4], null, null, complex(1, 1) as never), {
    message: /there is no argument|must be a number/,
  });
});

t.test('a complex tensor comes back from what it gave', async (t) => {
  for (const dtype of ['complex64', 'complex128'] as const) {
    const made = torch.tensor([[complex(1.5, -1), 2]], { dtype });
    t.equal(made.dtype, dtype);
    t.same(made.toArray(), [[complex(1.5, -1), complex(2, 0)]]);
    t.ok(torch.tensor(made.toArray(), { dtype }).equal(made));
    t.ok(torch.tensor(made.toTypedArray(), { dtype, shape: made.shape }).equal(made));
    t.ok(
      torch.tensor(made.select(0, 0).select(0, 0).item<{ re: number; im: number }>(), { dtype }).numel() === 1,
      'item() too',
    );
  }
  t.equal(torch.tensor([true, complex(1, 1)]).dtype, 'complex64');
  t.same(torch.tensor(Float32Array.of(1, 2), { dtype: 'complex64' }).toArray(), [complex(1, 0), complex(2, 0)]);
  t.throws(() => torch.tensor([complex(1, 2)], { dtype: 'float32' }), {
    message: /complex number does not fit in float32/,
  });
});

t.test('numbers in tensors’ places, where PyTorch takes them', async (t) => {
  const i = torch.tensor([1, 2, 3]);
  const cases: [string, Tensor, DType, unknown][] = [
    ['mul', torch.mul(2, i), 'int64', [2, 4, 6]],
    ['add a fraction', torch.add(1.5, i), 'float32', [2.5, 3.5, 4.5]],
    ['sub', torch.sub(1, i), 'int64', [0, -1, -2]],
    ['div', torch.div(6, i), 'float32', [6, 3, 2]],
    ['floorDivide', torch.floorDivide(7, i), 'int64', [7, 3, 2]],
    ['it does not widen', torch.add(1.5, i.to('float16')), 'float16', [2.5, 3.5, 4.5]],
    ['alpha', torch.add(1, i, { alpha: 3 }), 'int64', [4, 7, 10]],
    ['two numbers', torch.mul(2, 3), 'int64', 6],
    ['copy_', i.clone().copy_(3), 'int64', [3, 3, 3]],
    ['an overload', torch.op('add.Tensor')(i, 2) as Tensor, 'int64', [3, 4, 5]],
    ['out', torch.subtract(i, 2, { out: torch.empty([3], { dtype: 'int64' }) }), 'int64', [-1, 0, 1]],
    ['out, divided', torch.trueDivide(i, 2, { out: torch.empty([3]) }), 'float32', [0.5, 1, 1.5]],
  ];
  for (const [name, got, dtype, wanted] of cases) t.same([got.dtype, got.toArray()], [dtype, wanted], name);
  const leaf = torch.tensor([1, 2], { dtype: 'float32', requiresGrad: true });
  torch.mul(3, leaf).sum().backward();
  t.same(leaf.grad?.toArray(), [3, 3]);
  t.throws(() => torch.maximum(2 as never, i), { message: "maximum: argument 'self' must be a tensor, got 2" });
  const before = torch.memory().tensors;
  torch.scope(() => void torch.mul(2, i));
  t.equal(torch.memory().tensors, before, 'nothing is left of them');
});
