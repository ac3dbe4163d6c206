import t from 'tap';
import { Parameter } from '../../lib/nn';
import { clipGradNorm, clipGradValue } from '../../lib/optim';
import { torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

interface Clipping {
  normType: string;
  maxNorm: number;
  grads: (number[] | number[][])[];
  total: number;
  clipped: (number[] | number[][])[];
}

const { clipping } = expected<{ clipping: Clipping[] }>('optim');

function withGrad(grad: number[] | number[][]): Parameter {
  const tensor = torch.tensor(grad, { dtype: 'float32' });
  const parameter = new Parameter(torch.zeros(tensor.shape));
  parameter.grad = tensor;
  return parameter;
}

for (const { normType, maxNorm, grads, total, clipped } of clipping) {
  t.test(`norm ${normType} to at most ${maxNorm}, as PyTorch`, async (t) => {
    const params = [...grads.map(withGrad), new Parameter(torch.zeros([2]))];
    const before = torch.memory().tensors;
    const norm = clipGradNorm(params, maxNorm, { normType: Number(normType) });
    t.ok(Math.abs(norm - total) < 1e-5, 'the norm before clipping');
    clipped.forEach((wanted, i) => t.ok(largestDifference(numbers(params[i].grad!), wanted.flat()) < 1e-6));
    t.ok(torch.memory().tensors - before <= grads.length, 'temporaries freed');
  });
}

t.test('dtypes are clipped by one joint norm', async (t) => {
  const a = withGrad([3]);
  const b = new Parameter(torch.zeros([1], { dtype: 'float64' }));
  b.grad = torch.tensor([4], { dtype: 'float64' });
  t.ok(Math.abs(clipGradNorm([a, b], 1) - 5) < 1e-6);
  t.ok(Math.abs(numbers(a.grad!)[0] - 0.6) < 1e-6);
  t.ok(Math.abs(numbers(b.grad)[0] - 0.8) < 1e-6);
});

t.test('a norm that is not finite', async (t) => {
  const p = withGrad([NaN, 1]);
  t.ok(Number.isNaN(clipGradNorm([p], 1)));
  const q = withGrad([Infinity, 1]);
  t.throws(() => clipGradNorm([q], 1, { errorIfNonfinite: true }), {
    message: 'clipGradNorm: expected a finite gradient norm, got Infinity',
  });
  t.equal(numbers(q.grad!)[1], 1, 'left as it was');
});

t.test('values', async (t) => {
  const p = withGrad([-3, 0.5, 2]);
  clipGradValue([p], 1);
  t.same(numbers(p.grad!), [-1, 0.5, 1]);
});

t.test('refusals, and nothing to clip', async (t) => {
  t.equal(clipGradNorm([new Parameter(torch.zeros([1]))], 1), 0);
  t.throws(() => clipGradNorm([], -1), { message: 'clipGradNorm: expected maxNorm >= 0, got -1' });
  t.throws(() => clipGradValue([], NaN), { message: 'clipGradValue: expected a limit >= 0, got NaN' });
});
