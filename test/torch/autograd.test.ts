import t from 'tap';
import type { Tensor } from '../../lib/torch';
import { torch } from '../device';

const leaf = (values: number[]): Tensor => torch.tensor(values, { dtype: 'float64', requiresGrad: true });
const values = (tensor: Tensor | null | undefined): unknown => tensor?.toArray();

t.test('backward adds to the gradients of the leaves', async (t) => {
  const x = leaf([1, 2]);
  const y = leaf([3, 4]);
  const loss = x.mul(x).mul(y).sum();
  t.equal(x.grad, null);
  loss.backward();
  t.same(values(x.grad), [6, 16]);
  t.same(values(y.grad), [1, 4]);
  x.mul(2).sum().backward();
  t.same(values(x.grad), [8, 18], 'a second pass adds');
  x.grad = null;
  t.equal(x.grad, null);
  x.grad = torch.tensor([1, 1], { dtype: 'float64' });
  x.sum().backward();
  t.same(values(x.grad), [2, 2]);
  t.equal(x.isLeaf, true);
  t.equal(loss.isLeaf, false);
  t.match(loss.gradFn, /^SumBackward/);
  t.equal(x.gradFn, null);
});

t.test('a tensor with many elements needs a gradient of its own shape', async (t) => {
  const x = leaf([1, 2]);
  t.throws(() => x.mul(2).backward(), { message: /^backward: grad can be implicitly created only for scalar outputs/ });
  x.mul(2).backward(torch.tensor([1, 10], { dtype: 'float64' }));
  t.same(values(x.grad), [2, 20]);
  t.throws(
    () => x.mul(2).backward(torch.tensor([1, 2, 3], { dtype: 'float64' })),
    /invalid gradient at index 0 - got \[3\]/,
  );
  torch.backward([x.mul(1), x.mul(3)], [torch.onesLike(x), torch.onesLike(x)]);
  t.same(values(x.grad), [6, 24], 'several roots');
  t.throws(() => torch.tensor([1, 2]).sum().backward(), { message: /does not require grad/ });
});

t.test('grad gives gradients and leaves the leaves alone', async (t) => {
  const x = leaf([1, 2]);
  const y = leaf([3]);
  const z = x.mul(x).sum();
  t.same(torch.grad(z, [x], { retainGraph: true }).map(values), [[2, 4]]);
  t.equal(x.grad, null);
  t.same(torch.grad(z, [x, y], { allowUnused: true, retainGraph: true }).map(values), [[2, 4], undefined]);
  t.throws(() => torch.grad(z, [y]), { message: /not have been used in the graph/ });
  const wide = x.mul(3);
  t.same(torch.grad(wide, x, { gradOutputs: torch.tensor([1, 2], { dtype: 'float64' }) }).map(values), [[3, 6]]);
  const inner = x.mul(5);
  t.same(torch.grad(inner.mul(inner).sum(), inner).map(values), [[10, 20]], 'of a tensor inside the graph');
  t.throws(() => torch.grad(z, torch.tensor([1, 2])), { message: /does not require grad/ });
});

t.test('a graph serves one pass, unless it is retained', async (t) => {
  const x = leaf([2]);
  const loss = x.exp().sum();
  loss.backward(null, { retainGraph: true });
  loss.backward();
  t.throws(() => loss.backward(), { message: /^backward: Trying to backward through the graph a second time/ });
  const changed = x.exp();
  const product = changed.mul(changed).sum();
  changed.add_(1);
  t.throws(() => product.backward(), { message: /modified by an inplace operation/ });
});

t.test('higher derivatives', async (t) => {
  const x = leaf([2]);
  const [first] = torch.grad(x.pow(4).sum(), x, { createGraph: true }) as [Tensor];
  const [second] = torch.grad(first.sum(), x, { createGraph: true }) as [Tensor];
  const [third] = torch.grad(second.sum(), x) as [Tensor];
  t.same([first, second, third].map(values), [[32], [48], [48]]);
  x.pow(3).sum().backward(null, { createGraph: true });
  t.equal(x.grad?.requiresGrad, true);
  x.grad?.sum().backward();
  t.same(values(x.grad), [12 + 12], 'the second pass adds to what the first left');
});

t.test('noGrad, enableGrad and inferenceMode, nested and after errors', async (t) => {
  const x = leaf([1]);
  t.equal(torch.isGradEnabled(), true);
  const inside = torch.noGrad(() => {
    t.equal(torch.isGradEnabled(), false);
    t.equal(
      torch.enableGrad(() => x.mul(2).requiresGrad),
      true,
    );
    return x.mul(2);
  });
  t.equal(inside.requiresGrad, false);
  t.throws(
    () =>
      torch.noGrad(() => {
        throw new RangeError('mine');
      }),
    { name: 'RangeError', message: 'mine' },
  );
  t.equal(torch.isGradEnabled(), true);
  t.throws(() => torch.noGrad(async () => 1), {
    message: 'noGrad: the function must be synchronous, and it returned a promise',
  });
  t.equal(torch.isGradEnabled(), true);

  const made = torch.inferenceMode(() => {
    t.equal(torch.isInferenceMode(), true);
    return x.mul(2);
  });
  t.equal(torch.isInferenceMode(), false);
  t.equal(made.isInference(), true);
  t.throws(() => made.mul(x).sum().backward(), { message: /Inference tensors cannot be saved for backward/ });
  t.throws(
    () =>
      torch.inferenceMode(() => {
        throw new RangeError('mine');
      }),
    { name: 'RangeError', message: 'mine' },
  );
  t.equal(torch.isInferenceMode(), false);
  t.throws(() => torch.inferenceMode(async () => 1), { message: /inferenceMode: the function must be synchronous/ });
});

t.test('what requires gradients, and what may not', async (t) => {
  const x = torch.tensor([1.5]);
  x.requiresGrad = true;
  t.equal(x.mul(2).requiresGrad, true);
  t.equal(x.detach().requiresGrad, false);
  t.equal(x.detach().sharesStorage(x), true);
  t.equal(torch.ones([1]).requiresGrad_(true).requiresGrad, true);
  t.throws(() => (torch.tensor([1]).requiresGrad = true), {
    message: /only floating-point and complex tensors can require gradients, got int64/,
  });
  t.throws(() => (x.mul(2).requiresGrad = false), { message: /only a leaf can stop requiring gradients/ });
  t.throws(() => x.add_(1), { message: /a leaf Variable that requires grad is being used in an in-place operation/ });
  t.throws(() => (x.grad = torch.tensor([1, 2])), {
    message: /^setGrad: the gradient of float32 \[1\]( on \S+)? cannot be int64 \[2\]/,
  });
  const inner = x.mul(3);
  inner.retainGrad();
  inner.mul(2).sum().backward();
  t.same(values(inner.grad), [2]);
});
