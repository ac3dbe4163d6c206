import t from 'tap';
import { torch, type DType, type Tensor, type TypedArray } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { expected } from '../parity/expected';

interface Rounded {
  values: (number | string)[];
  bytes: string;
}
interface Expected {
  rounding: { numbers: string[] } & Record<'float32' | 'float16' | 'bfloat16', Rounded>;
  bytes: Record<string, { shape: number[]; values: (number | boolean)[]; bytes: string }>;
}

const { rounding, bytes } = expected<Expected>('torch');
const number = (text: number | string): number => Number(String(text).replace('inf', 'Infinity'));
const hex = (tensor: Tensor): string => Buffer.from(tensor.bytes()).toString('hex');
const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

t.test('numbers are rounded to each float as Python rounds them, and come back exactly', async (t) => {
  const numbers = rounding.numbers.map(number);
  for (const dtype of ['float32', 'float16', 'bfloat16'] as const) {
    const direct = torch.tensor(numbers, { dtype });
    const converted = torch.tensor(Float64Array.from(numbers)).to(dtype);
    for (const tensor of [direct, converted]) {
      t.equal(tensor.dtype, dtype);
      t.ok(same(Array.from(tensor.toTypedArray() as Float32Array), rounding[dtype].values.map(number)), dtype);
      t.equal(
        hex(tensor.nanToNum(7)),
        hex(torch.fromBytes(tensor.bytes(), { dtype, shape: [numbers.length] }).nanToNum(7)),
      );
    }
    const finite = Buffer.from(rounding[dtype].bytes, 'hex');
    t.ok(
      same(
        Array.from(torch.fromBytes(finite, { dtype, shape: [numbers.length] }).toTypedArray() as Float32Array),
        rounding[dtype].values.map(number),
      ),
    );
  }
});

t.test('bytes are those that Python has, and come back', async (t) => {
  for (const [name, wanted] of Object.entries(bytes)) {
    const dtype = name as DType;
    const tensor = torch.tensor(wanted.values, { dtype, shape: wanted.shape });
    t.equal(hex(tensor), wanted.bytes, `${name}: bytes`);
    const back = torch.fromBytes(Buffer.from(wanted.bytes, 'hex'), { dtype, shape: wanted.shape });
    t.same(back.toArray(), tensor.toArray(), `${name}: back`);
    t.same([back.dtype, back.shape], [dtype, wanted.shape]);
  }
});

const ARRAYS: [DType, TypedArray][] = [
  ['float32', Float32Array.of(1.5, -0, NaN)],
  ['float64', Float64Array.of(0.1, Infinity, 5e-324)],
  ['int8', Int8Array.of(-128, 127)],
  ['uint8', Uint8Array.of(0, 255)],
  ['int16', Int16Array.of(-32768, 32767)],
  ['uint16', Uint16Array.of(0, 65535)],
  ['int32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ['uint32', Uint32Array.of(0, 2 ** 32 - 1)],
  ['int64', BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 9007199254740993n)],
  ['uint64', BigUint64Array.of(0n, 2n ** 64n - 1n)],
];

t.test('typed arrays go in and come out as they are', async (t) => {
  for (const [dtype, array] of ARRAYS) {
    const tensor = torch.tensor(array);
    t.equal(tensor.dtype, dtype);
    const back = tensor.toTypedArray();
    t.equal(back.constructor, array.constructor);
    t.ok(Buffer.from(back.buffer).equals(Buffer.from(array.buffer)), dtype);
    array.fill(array instanceof BigInt64Array || array instanceof BigUint64Array ? (1n as never) : (1 as never));
    t.not(hex(tensor), Buffer.from(array.buffer).toString('hex'), 'the data is copied');
  }
  const middle = Float32Array.of(0, 1, 2, 3, 4).subarray(1, 4);
  t.same(torch.tensor(middle).toArray(), [1, 2, 3], 'a window on a larger buffer');
  t.same(torch.tensor(Uint8ClampedArray.of(300, 3)).toArray(), [255, 3]);
  t.same(torch.tensor(Float64Array.of(1, 2, 3, 4), { shape: [2, 2], dtype: 'int32' }).toArray(), [
    [1, 2],
    [3, 4],
  ]);
  t.same(torch.tensor(new Float32Array(0)).shape, [0]);
});

t.test('floats without a typed array come out as Float32Array, bool as Uint8Array, complex in parts', async (t) => {
  for (const dtype of ['float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2'] as const) {
    const out = torch.tensor([0.5, -2, 1.75], { dtype }).toTypedArray();
    t.ok(out instanceof Float32Array, dtype);
    t.same(Array.from(out as Float32Array), [0.5, -2, 1.75]);
  }
  t.same(torch.tensor([true, false]).toTypedArray(), Uint8Array.of(1, 0));
  const complex = torch.complex(torch.tensor([1.5, 2]), torch.tensor([-1, 0.5]));
  t.same(complex.toTypedArray(), Float32Array.of(1.5, -1, 2, 0.5));
  t.same(complex.toArray(), [
    { re: 1.5, im: -1 },
    { re: 2, im: 0.5 },
  ]);
  t.same(complex.select(0, 0).item(), { re: 1.5, im: -1 });
});

t.test('data comes out in row-major order, whatever the strides', async (t) => {
  const x = torch.arange(6).reshape([2, 3]);
  t.same(x.T.toArray(), [
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  t.same(x.T.toTypedArray(), BigInt64Array.of(0n, 3n, 1n, 4n, 2n, 5n));
  t.same(x.slice(1, 0, 3, 2).toArray(), [
    [0, 2],
    [3, 5],
  ]);
  t.same(torch.tensor([1, 2]).unsqueeze(1).expand([2, 3]).toArray(), [
    [1, 1, 1],
    [2, 2, 2],
  ]);
  t.same(
    torch
      .complex(torch.tensor([1.5]), torch.tensor([2.5]))
      .conj()
      .toTypedArray(),
    Float32Array.of(1.5, -2.5),
  );
  t.same(torch._negView(torch.tensor([1.5])).toTypedArray(), Float32Array.of(-1.5));
  t.same(torch.zeros([2, 0]).toArray(), [[], []]);
  t.same(torch.zeros([0, 2]).toArray(), []);
  t.equal(torch.tensor(3).toArray(), 3);
});

t.test('what tensor() makes of plain values', async (t) => {
  const dtypeOf = (data: Parameters<typeof torch.tensor>[0]) => torch.tensor(data).dtype;
  t.equal(dtypeOf(3), 'int64');
  t.equal(dtypeOf(3.5), 'float32');
  t.equal(dtypeOf([1, 2.5]), 'float32');
  t.equal(dtypeOf([true, false]), 'bool');
  t.equal(dtypeOf([true, 2]), 'int64');
  t.equal(dtypeOf([1n, 2]), 'int64');
  t.equal(dtypeOf([NaN]), 'float32');
  t.equal(dtypeOf(2 ** 60), 'float32', 'a number beyond 2^53 is not known exactly');
  t.equal(dtypeOf([]), 'float32');
  t.same(torch.tensor([[], []]).shape, [2, 0]);
  t.same(
    torch.tensor([
      [1, 2],
      [3, 4],
    ]).shape,
    [2, 2],
  );
  t.same(torch.tensor([9007199254740993n]).toArray(), [9007199254740993n], 'beyond 2^53 as bigint');
  t.same(torch.tensor([1, 0, 2], { dtype: 'bool' }).toArray(), [true, false, true]);
  t.same(torch.tensor([1.9, -1.9], { dtype: 'int32' }).toArray(), [1, -1], 'cut towards zero');
  t.equal(torch.tensor(0.1, { dtype: 'float64' }).item(), 0.1, 'float64 keeps every digit');
  t.equal(torch.tensor([1, 2], { dtype: 'float32', requiresGrad: true }).requiresGrad, true);
  t.same(torch.tensor([1, 2, 3, 4], { shape: [2, 2] }).shape, [2, 2]);
  t.same(torch.tensor([[1, 2]], { dtype: 'complex64' }).toTypedArray(), Float32Array.of(1, 0, 2, 0));
});

t.test('what tensor() refuses', async (t) => {
  const refused: [unknown, RegExp][] = [
    [[[1, 2], [3]], /^tensor: expected an array of 2 at depth 1, got an array of 1$/],
    [[1, [2]], /^tensor: expected a number at depth 1, got an array of 1$/],
    [[[1], 2], /^tensor: expected an array of 1 at depth 1, got 2$/],
    [['a'], /^tensor: expected numbers, bigints or booleans, got 'a'$/],
    [null, /^tensor: expected numbers, bigints or booleans, got null$/],
    [undefined, /^tensor: expected numbers, bigints or booleans, got undefined$/],
    [[{}], /^tensor: expected numbers, bigints or booleans, got an object$/],
    [new DataView(new ArrayBuffer(8)), /^tensor: a DataView has no dtype$/],
  ];
  for (const [data, message] of refused) t.throws(() => torch.tensor(data as number), { message }, String(message));
  t.throws(() => torch.tensor([1, 2, 3], { shape: [2, 2] }), /shape '\[2, 2\]' is invalid for input of size 3/);
  t.throws(() => torch.tensor(Float32Array.of(1), { shape: [2] }), /shape \[2\] of float32 takes 8 bytes, got 4/);
  t.throws(() => torch.tensor([1], { dtype: 'float31' as DType }), /float31/);
  t.throws(() => torch.tensor([1], { dtype: 'int64', requiresGrad: true }), /only floating-point and complex tensors/);
  t.throws(() => torch.tensor([2n ** 64n]), /tensor: 18446744073709551616 does not fit in int64/);
});

t.test('fromBytes refuses what does not fit', async (t) => {
  const four = new Uint8Array(4);
  t.throws(
    () => torch.fromBytes(four, { dtype: 'float32', shape: [2] }),
    /shape \[2\] of float32 takes 8 bytes, got 4/,
  );
  t.throws(() => torch.fromBytes(four, { dtype: 'float32', shape: [-1] }), /a shape has no negative sizes/);
  t.throws(
    () => torch.fromBytes(four, { dtype: 'float32', shape: [2 ** 40, 2 ** 40] }),
    /more elements than memory can/,
  );
  t.throws(
    () => torch.fromBytes(new Uint8Array(0), { dtype: 'float64', shape: [2 ** 40, 2 ** 21] }),
    /takes|more elements/,
  );
  t.throws(() => torch.fromBytes(four, { dtype: 'qint8', shape: [4] }), /quantised/);
  t.throws(
    () => torch.fromBytes([1, 2] as unknown as Uint8Array, { dtype: 'uint8', shape: [2] }),
    /expected a typed array/,
  );
  t.same(
    torch.fromBytes(Uint8Array.of(0, 2, 255, 1), { dtype: 'bool', shape: [4] }).bytes(),
    Uint8Array.of(0, 1, 1, 1),
  );
});

t.test('item() gives one element of any dtype', async (t) => {
  t.equal(torch.tensor([[2.5]]).item(), 2.5);
  t.equal(torch.tensor(7n).item(), 7);
  t.equal(torch.tensor(9007199254740993n).item<bigint>(), 9007199254740993n);
  t.equal(torch.tensor(BigUint64Array.of(2n ** 64n - 1n)).item<bigint>(), 2n ** 64n - 1n);
  t.equal(torch.tensor(true).item<boolean>(), true);
  t.equal(torch.tensor(0.5, { dtype: 'bfloat16' }).item(), 0.5);
  t.throws(() => torch.tensor([1, 2]).item(), { message: 'item: expected one element, got int64 [2]' });
  t.throws(() => torch.tensor([]).item(), { message: 'item: expected one element, got float32 [0]' });
  t.throws(() => torch.empty([1], { device: 'meta' }).item(), {
    message: 'item: a tensor on the meta device has no data',
  });
});

t.test('tensors without plain data say so', async (t) => {
  const sparse = torch
    .tensor([
      [0, 1],
      [2, 0],
    ])
    .toSparse();
  t.throws(() => sparse.toTypedArray(), { message: 'copyBytes: the tensor is sparse: call toDense() first' });
  t.equal(sparse.layout, 'sparse_coo');
  t.same(sparse.toDense().toArray(), [
    [0, 1],
    [2, 0],
  ]);
  t.throws(() => torch.empty([2], { device: 'meta' }).toArray(), {
    message: 'copyBytes: a tensor on the meta device has no data',
  });
  const quantised = torch.quantizePerTensor(torch.tensor([1, 2.5]), 0.5, 0, 'qint8');
  t.throws(() => quantised.bytes(), /the tensor is quantised: call dequantize\(\) or intRepr\(\) first/);
  t.same(quantised.dequantize().toArray(), [1, 2.5]);
});

t.test('a gradient that libtorch holds without memory reads as zeros', async (t) => {
  const x = torch.tensor([1, -2], { dtype: 'float64', requiresGrad: true });
  const [first] = torch.grad(x.abs().sum(), x, { createGraph: true }) as [Tensor];
  const [second] = torch.grad(first.sum(), x) as [Tensor];
  t.same(second.toArray(), [0, 0]);
  t.same(torch._efficientzerotensor([3], { dtype: 'float32' }).toArray(), [0, 0, 0]);
});

t.test('a shape that takes the array away while it is read', async (t) => {
  const array = new Float32Array(16_000_000); // large enough that its memory is really gone
  const shape = [0];
  Object.defineProperty(shape, 0, {
    get: () => {
      if (array.length > 0) structuredClone(array.buffer, { transfer: [array.buffer] });
      return 16_000_000;
    },
  });
  t.throws(() => torch.tensor(array, { shape }), { message: /takes 64000000 bytes, got 0/ });
});

t.test('a path to map has no null bytes', async (t) => {
  const folder = t.testdir({ 'm.bin': 'bytes' });
  const path = `${folder}/m.bin\0zzz`;
  t.throws(() => torch.mapFile(path), /null bytes/);
  t.throws(() => native.mapFile(path), { message: 'mapFile: a path has no null bytes, got one' }, 'nor in the addon');
});
