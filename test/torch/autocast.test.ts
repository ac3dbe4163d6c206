import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { autocastDtype, frozenLinear, torch, type AutocastDType, type DType, type Tensor } from '../../lib/torch';
import { expected, largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

// Made by test/parity/make_autocast.py with Python's torch.
type Told = Record<string, { dtype: DType; values: number[] }>;
const file = expected<{ operators: Record<AutocastDType, Told> }>('autocast').operators;

const x = torch.tensor([
  [0.1, -1.3, 2.7, 0.004],
  [1.1, 0.3, -0.7, 3.14],
]);
const w = torch.tensor([
  [0.5, -0.25, 1.7, 0.3],
  [1.01, 2.02, -3.03, 0.7],
  [-0.4, 0.6, 0.9, -1.1],
]);
const half = x.to('bfloat16');
const batch = (tensor: Tensor): Tensor => tensor.unsqueeze(0);
const OPERATORS: Record<string, () => Tensor> = {
  linear: () => torch.linear(x, w),
  matmul: () => x.matmul(w.t()),
  bmm: () => torch.bmm(batch(x), batch(w.t())),
  scaledDotProductAttention: () =>
    torch.scaledDotProductAttention(batch(batch(x)), batch(batch(w)), batch(batch(w)), null, 0, false),
  softmax: () => half.softmax(-1),
  exp: () => half.exp(),
  add: () => x.add(half),
  cat: () => torch.cat([x, half]),
  logSoftmax: () => x.logSoftmax(-1),
  mseLoss: () => torch.mseLoss(half, w.narrow(0, 0, 2).to('bfloat16')),
};
/** Between 4 and 16 numbers of half precision are so far from each other. */
const STEP = { bfloat16: 0.0625, float16: 0.0079 };
const product = (): Tensor => torch.linear(x, w);
const dtypeInside = (dtype: AutocastDType | null, work = product): DType =>
  torch.autocast({ device: 'cpu', dtype }, () => work().dtype);

for (const dtype of ['bfloat16', 'float16'] as const) {
  t.test(`operators under ${dtype} give what they give in Python`, async (t) => {
    for (const [name, work] of Object.entries(OPERATORS)) {
      const result = torch.autocast({ device: 'cpu', dtype }, work);
      const wanted = file[dtype][name];
      t.equal(result.dtype, wanted.dtype, name);
      t.ok(largestDifference(numbers(result), wanted.values) <= STEP[dtype], `${name}: values`);
    }
  });
}

t.test('it ends with the work, also by an error, and goes back to what was around it', async (t) => {
  t.equal(product().dtype, 'float32');
  torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => {
    t.equal(autocastDtype('cpu'), 'bfloat16');
    t.equal(dtypeInside('float16'), 'float16');
    t.equal(dtypeInside(null), 'float32', 'null switches it off');
    t.throws(() =>
      torch.autocast({ device: 'cpu', dtype: null }, () => {
        throw new Error('enough');
      }),
    );
    t.equal(product().dtype, 'bfloat16', 'and back');
    torch.autocast({ device: 'cuda', dtype: 'float16' }, () =>
      t.equal(product().dtype, 'bfloat16', 'that of another kind of device is not ours'),
    );
  });
  t.equal(product().dtype, 'float32');
  t.equal(autocastDtype('cpu'), null);
  t.throws(
    () => torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => Promise.resolve()),
    /^autocast: the function must be synchronous/,
  );
  t.throws(() => torch.autocast({ device: 'cpu', dtype: 'float64' as never }, product), {
    name: 'TypeError',
    message: "autocast: expected dtype 'bfloat16', 'float16' or null, got 'float64'",
  });
  t.equal(product().dtype, 'float32');
});

t.test('gradients have the dtype of what they belong to', async (t) => {
  const weight = w.clone().requiresGrad_(true);
  torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => torch.linear(x, weight).sum()).backward();
  t.equal(weight.grad?.dtype, 'float32');
  const wanted = torch.ones([2, 3]).t().matmul(x.to('bfloat16').to('float32'));
  t.ok(largestDifference(numbers(weight.grad as Tensor), numbers(wanted)) < 0.02);
});

t.test('what a weight was cast to without a graph is not taken for one with', async (t) => {
  const weight = w.clone().requiresGrad_(true);
  for (const without of [torch.noGrad, torch.inferenceMode]) {
    weight.grad = null;
    const loss = torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => {
      without(() => torch.linear(x, weight));
      return torch.linear(x, weight).sum();
    });
    loss.backward();
    t.ok(weight.grad, without.name);
  }
});

t.test('a weight is cast anew in each scope, in its dtype and of its numbers then', async (t) => {
  const weight = w.clone().requiresGrad_(true);
  const computed = (dtype: AutocastDType): Tensor =>
    torch.autocast({ device: 'cpu', dtype }, () => torch.linear(x, weight));
  const before = computed('bfloat16');
  torch.noGrad(() => weight.mul_(2));
  t.ok(computed('bfloat16').equal(before.mul(2)));
  torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => {
    torch.linear(x, weight);
    t.equal(computed('float16').dtype, 'float16');
  });
});

t.test('a computation that is done again for its gradient casts as it did', async (t) => {
  const leaf = (): Tensor => x.clone().requiresGrad_(true);
  const [plain, again] = [leaf(), leaf()];
  const dtypes: DType[] = [];
  const work = (input: Tensor): Tensor => {
    const made = torch.linear(input, w);
    dtypes.push(made.dtype);
    return made.exp();
  };
  const cast = <T>(what: () => T): T => torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, what);
  cast(() => work(plain).sum()).backward();
  cast(() => torch.checkpoint(work, again).sum()).backward();
  t.same(dtypes, ['bfloat16', 'bfloat16', 'bfloat16']);
  t.ok(again.grad?.equal(plain.grad as Tensor));
  t.equal(product().dtype, 'float32');
});

t.test('kernels that keep what they are given stand back', async (t) => {
  const [rows, weight] = [torch.randn([64, 16]), torch.randn([8, 16])];
  torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => t.equal(frozenLinear(rows, weight), null));
});

t.test('other threads do not notice', async (t) => {
  const file = JSON.stringify(join(__dirname, '../../scripts/typescript.js'));
  const lib = JSON.stringify(join(__dirname, '../../lib/torch'));
  const script = `require(${file});
    const { torch } = require(${lib});
    const { parentPort } = require('node:worker_threads');
    const dtype = () => torch.linear(torch.ones([2, 2]), torch.ones([2, 2])).dtype;
    parentPort.on('message', () => parentPort.postMessage(torch.autocast({ device: 'cpu', dtype: 'float16' }, dtype)));
    parentPort.postMessage(dtype());`;
  const worker = new Worker(script, { eval: true, execArgv: [] });
  t.same(await once(worker, 'message'), ['float32']);
  worker.postMessage('again');
  t.same(await once(worker, 'message'), ['float16']);
  t.equal(product().dtype, 'float32');
  await worker.terminate();
});
