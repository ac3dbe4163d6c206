import t from 'tap';
import { torch, type DType, type Tensor } from '../../lib/torch';

const a = torch.ones([2, 3]);
const b = torch.ones([4, 5]);
const whole = torch.tensor([
  [0, 1],
  [1, 0],
]);

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

t.test('errors of operators name the operator, its shapes and dtypes', async (t) => {
  const cases: [() => unknown, RegExp][] = [
    [
      () => a.matmul(b),
      /^matmul \(self: float32 \[2, 3\], other: float32 \[4, 5\]\): mat1 and mat2 shapes cannot be multiplied/,
    ],
    [() => a.add(b), /^add \(self: float32 \[2, 3\], other: float32 \[4, 5\]\): The size of tensor a \(3\) must match/],
    [() => torch.cat([a, b]), /^cat \(tensors: \[float32 \[2, 3\], float32 \[4, 5\]\]\): Sizes of tensors must match/],
    [() => a.view([7]), /^view \(self: float32 \[2, 3\], size: \[7\]\): shape '\[7\]' is invalid for input of size 6/],
    [() => a.logSoftmax(5), /^logSoftmax \(self: float32 \[2, 3\]\): Dimension out of range/],
    [() => torch.embedding(a, a), /^embedding \(weight: float32 \[2, 3\], indices: float32 \[2, 3\]\)/],
    [() => a.mm(whole.to('float32').to('meta')), /float32 \[2, 2\] on meta/],
    [
      () => torch.nllLoss(a, torch.tensor([7, 0])),
      /^nllLoss \(self: float32 \[2, 3\], target: int64 \[2\]\): Target 7 is out of bounds/,
    ],
    [() => torch.linalgInv(torch.zeros([2, 2])), /^linalgInv \(A: float32 \[2, 2\]\): .*singular/],
    [() => torch._foreachAdd([a], [b, b]), /^_foreachAdd/],
  ];
  for (const [work, message] of cases) t.match(errorOf(work).message, message);
});

t.test('the class of the error tells its kind', async (t) => {
  t.ok(errorOf(() => a.select(0, 9)) instanceof RangeError, 'an index out of range');
  t.ok(errorOf(() => a.add('text' as never)) instanceof TypeError, 'an argument of the wrong kind');
  t.ok(errorOf(() => a.matmul(b)).constructor === Error, 'what the operator itself refuses');
  const huge = errorOf(() => torch.empty([2 ** 40])) as NodeJS.ErrnoException;
  t.equal(huge.code, 'ERR_OUT_OF_MEMORY');
  t.match(huge.message, /^empty \(size: \[1099511627776\]\): .*memory/);
});

t.test('a wrong argument is named, with what was wanted and what came', async (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => a.add('text' as never), /^add: argument 'other' must be a number or a tensor, got 'text'$/],
    [() => a.add(null as never), /^add: argument 'other' must be a number or a tensor, got null$/],
    [() => (a.add as () => Tensor)(), /^add: argument 'other' is missing: wanted a number or a tensor$/],
    [
      () => a.sum('x' as never),
      /^sum: argument 'dim' (must be .*an integer or an array of integers.*, got 'x'|of type str\[\] has no .*)$/,
    ],
    [() => a.sum([1], 3 as never), /^sum: argument 'keepdim' must be a boolean, got 3$/],
    // Up to libtorch 2.11 dimensions may have names, too.
    [() => a.softmax(0.5), /^softmax: argument 'dim' must be an integer( or a string)?, got 0.5$/],
    [() => (a.view as unknown as (...sizes: number[]) => Tensor)(3, 2), /^view: /],
    [() => a.sum([1], { keepDims: true } as never), /^sum: there is no argument 'keepDims'$/],
    [() => (a.relu as (...values: number[]) => Tensor)(3), /^relu: takes at most 1 arguments, got 2$/],
    [
      () => torch.cat(a as never),
      /^cat: argument 'tensors' must be an array of tensors, got a tensor float32 \[2, 3\]$/,
    ],
    [() => torch.cat([a, 3] as never), /^cat: argument 'tensors' must be an array of tensors, got 3 at \[1\]$/],
    [
      () => torch.zeros([2], { dtype: 'float31' as DType }),
      /^zeros: argument 'dtype' must be a dtype such as 'float32' or null, got 'float31'$/,
    ],
    [
      () => torch.zeros([2], { device: 'gpu' as never }),
      /^zeros: argument 'device' must be a device such as 'cuda:0' or null, got 'gpu'$/,
    ],
    [() => torch.zeros([2.5]), /^zeros: argument 'size' must be an array of integers, got 2.5 at \[0\]$/],
    [() => torch.sum(a, 0 as never, { dim: [0] } as never), /^sum: argument 'dim' is given twice$/],
    [() => a.norm('fro' as never), /^norm: argument 'p' must be a number or null, got 'fro'$/],
    [() => torch.layerNorm(a, [3], null, null, '1' as never), /^layerNorm: argument 'eps' must be a number, got '1'$/],
    [() => torch.tensor([1], { dtype: 'float' as DType }), /^tensor: option 'dtype' must be a dtype .*, got 'float'$/],
    [() => torch.tensor([1], { dytpe: 'int8' } as never), /^tensor: there is no option 'dytpe', wanted 'dtype', /],
    [() => a.size(NaN), /^size: the dimension must be an integer, got NaN$/],
    [() => a.size(1.9), /^size: the dimension must be an integer, got 1.9$/],
    [() => a.stride('1' as never), /^stride: the dimension must be an integer, got 1$/],
    [() => JSON.stringify({ a }), /^a tensor float32 \[2, 3\] has no JSON form: use toArray\(\) or item\(\)$/],
    [() => torch.einsum(3 as never, [a]), /^einsum: argument 'equation' must be a string, got 3$/],
    [
      () => torch.randn([2], { generator: {} as never }),
      /^randn: argument 'generator' must be a generator or null, got an object$/,
    ],
    [() => torch.tensor([1]).to({} as never), /^to: expected a dtype, a device or a tensor, got \{\}$/],
    [() => torch.device('gpu'), /^device: expected 'cpu', 'cuda' or 'cuda:0', got 'gpu'$/],
    [() => torch.setNumThreads(0), /^setNumThreads: expected 1 to 4096 threads, got 0$/],
    [() => torch.noGrad(3 as never), /not a function/],
  ];
  for (const [work, message] of cases) {
    const error = errorOf(work);
    t.match(error.message, message);
    t.ok(error instanceof TypeError, error.message);
  }
});

t.test('arguments have the names that callers know, whoever complains', async (t) => {
  const probabilities = torch.zeros([2, 3]);
  const cases: [() => unknown, RegExp][] = [
    [
      () => torch.ctcLoss(torch.zeros([2, 1, 3]), torch.tensor([[1]]), [2], [1, 1]),
      /targetLengths must be of size batch_size/,
    ],
    [() => a.div(2, { roundingMode: 'up' }), /expected roundingMode to be one of/],
    [() => torch.ctcLoss(torch.zeros([3]), torch.tensor([1]), [2], [1]), /'logProbs' must have from 2 to 3 dimensions/],
    [() => torch.multinomial(probabilities, 1.5), /argument 'numSamples' must be an integer, got 1.5/],
  ];
  for (const [work, message] of cases) t.match(errorOf(work).message, message);
});

t.test('a tensor does not pass for data', async (t) => {
  t.throws(() => structuredClone(a), {
    name: 'DataCloneError',
    message: /torch\.share and torch\.receive.* could not be cloned/,
  });
  t.throws(() => new MessageChannel().port1.postMessage({ a }), { message: /torch\.share/ });
});

t.test('every message is one line, and short', async (t) => {
  const long = torch.empty([1, 1, 1, 1, 1, 1, 1, 1]);
  const works = [
    () => torch.cat(Array.from({ length: 200 }, (_, i) => torch.ones(Array<number>(i % 20).fill(2)))),
    () => long.matmul(long.to('int64')),
    () => torch.einsum('x'.repeat(10_000), [a]),
    () => a.add('y'.repeat(10_000) as never),
    () => torch.scaledDotProductAttention(a, b, a),
    () => torch.conv2d(a, b),
    () => a.to('y'.repeat(10_000) as never),
    () => torch.linalgCholesky(torch.zeros([3, 3])),
    () => torch.tensor([1]).backward(),
    () => torch.ones([2], { requiresGrad: true }).add_(1),
  ];
  for (const work of works) {
    const { message } = errorOf(work);
    t.notMatch(message, /\n|Exception raised|frame #|\.cpp/, message.slice(0, 200));
    t.ok(message.length < 1000, `${message.length} characters`);
  }
});

t.test('operators that cannot be called say why', async (t) => {
  const refused = torch.operators().filter(({ problem }) => problem !== null);
  for (const { name, problem } of refused) {
    t.match(errorOf(() => torch.op(name)(a, a)).message, /^\w+: /, name);
    t.ok((problem as string).length > 20 && !(problem as string).includes('\n'), problem as string);
  }
});
