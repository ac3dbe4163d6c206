import t from 'tap';
import type { FunctionContext, Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { torch } from '../device';
import { derivativeOf, gradientError, TOLERANCE } from './finite-differences';

const leaf = (values: number[]): Tensor => torch.tensor(values, { dtype: 'float64', requiresGrad: true });
const values = (tensor: Tensor | null | undefined): unknown => tensor?.toArray();

const cube = torch.customFunction({
  name: 'cube',
  forward(context, x: Tensor) {
    context.saveForBackward(x);
    return x.pow(3);
  },
  backward: ({ savedTensors: [x] }, grad) => grad.mul(x.square()).mul(3),
});

/** Saves its output, as exp can. */
const exponential = torch.customFunction({
  forward(context, x: Tensor) {
    const out = x.exp();
    context.saveForBackward(out);
    return out;
  },
  backward: ({ savedTensors: [out] }, grad) => grad.mul(out),
});

/** Two tensors and a plain number in, two tensors out. */
const mix = torch.customFunction({
  forward(context, a: Tensor, share: number, b: Tensor) {
    context.saveForBackward(a, b);
    context.share = share;
    return [a.mul(b), a.mul(share).add(b)];
  },
  backward(context, gradProduct, gradSum) {
    const [a, b] = context.savedTensors as [Tensor, Tensor];
    const share = context.share as number;
    const gradA = gradProduct.mul(b).add(gradSum.mul(share));
    return [gradA, null, gradProduct.mul(a).add(gradSum)];
  },
});

for (const secondThread of [false, true]) {
  t.test(`custom gradients are the slopes, engine on ${secondThread ? 'a second' : 'this'} thread`, async (t) => {
    native.useSecondThread(secondThread);
    t.teardown(() => native.useSecondThread(false));
    const both = (a: Tensor, b: Tensor) => torch.cat(mix(a, 0.7, b));
    const cases: [string, (...inputs: Tensor[]) => Tensor, Tensor[]][] = [
      ['cube', (x) => cube(x), [leaf([1, -2])]],
      ['exponential', (x) => exponential(x), [leaf([0.5, -1])]],
      ['mix', (a, b) => both(a, b), [leaf([1, 2]), leaf([3, -1])]],
      ['one inside the other', (x) => exponential(cube(x).mul(0.1)), [leaf([1, -2])]],
    ];
    for (const [name, f, inputs] of cases) {
      t.ok(gradientError(f, inputs) < TOLERANCE, name);
      t.ok(gradientError(derivativeOf(f), inputs) < 10 * TOLERANCE, `${name}: second derivative`);
    }
  });

  t.test(
    `what forward and backward throw arrives as it is, engine on ${secondThread ? 'a second' : 'this'} thread`,
    async (t) => {
      native.useSecondThread(secondThread);
      t.teardown(() => native.useSecondThread(false));
      const mine = new RangeError('mine');
      const failing = torch.customFunction({
        forward: (_context, x: Tensor, when: string) => {
          if (when === 'forward') throw mine;
          return x.mul(1);
        },
        backward: () => {
          throw mine;
        },
      });
      const caught = (work: () => unknown): unknown => {
        try {
          return work();
        } catch (error) {
          return error;
        }
      };
      t.equal(
        caught(() => failing(leaf([1]), 'forward')),
        mine,
      );
      t.equal(
        caught(() =>
          failing(leaf([1]), 'backward')
            .sum()
            .backward(),
        ),
        mine,
      );
      const x = leaf([2]);
      cube(x).sum().backward();
      t.same(values(x.grad), [12], 'the next pass is not touched');
    },
  );
}

t.test('only what needs a gradient gets one', async (t) => {
  const a = leaf([1, 2]);
  const b = torch.tensor([3, 4], { dtype: 'float64' });
  const [product, sum] = mix(a, 2, b) as [Tensor, Tensor];
  product.sum().backward();
  t.same(values(a.grad), [3, 4], 'the unused output counts as zeros');
  t.equal(b.grad, null);
  t.equal(sum.requiresGrad, true);
  const [plain] = mix(b, 2, b) as [Tensor, Tensor];
  t.equal(plain.requiresGrad, false);
  t.equal(torch.noGrad(() => cube(a)).requiresGrad, false);
  const asked: boolean[] = [];
  const once = torch.customFunction({
    forward: (_context, x: Tensor, y: Tensor) => {
      asked.push(torch.isGradEnabled());
      return x.add(y);
    },
    backward: (_context, grad) => [grad, null],
  });
  const y = leaf([1]);
  once(leaf([1]), y)
    .sum()
    .backward();
  t.same(asked, [false], 'no graph is recorded in forward');
  t.equal(y.grad, null, 'a null gradient is none');
});

t.test('an output that is an input, a view of one, or of integers', async (t) => {
  const same = torch.customFunction({ forward: (_context, x: Tensor) => x, backward: (_context, grad) => grad.mul(2) });
  const x = leaf([1, 2]);
  const out = same(x);
  t.not(out, x);
  out.sum().backward();
  t.same(values(x.grad), [2, 2]);
  const firstOf = torch.customFunction({
    forward: (_context, x: Tensor) => x.slice(0, 0, 1),
    backward: (_context, grad) => torch.cat([grad, torch.zerosLike(grad)]),
  });
  x.grad = null;
  firstOf(x).sum().backward();
  t.same(values(x.grad), [1, 0]);
  const ranked = torch.customFunction({
    forward: (_context, x: Tensor) => x.sort(),
    backward: (context: FunctionContext, grad, none) => {
      context.shapes = [grad.shape, none?.shape];
      return grad;
    },
  });
  const [sorted, order] = ranked(leaf([2, 1]));
  t.same([sorted.requiresGrad, order.requiresGrad], [true, false]);
  sorted.sum().backward();
  t.pass('an integer output takes no part');
});

t.test('what forward and backward return is checked', async (t) => {
  const returning = (forward: unknown, backward?: unknown) =>
    torch.customFunction({
      name: 'odd',
      forward: (_context, _x: Tensor, _y?: unknown) => forward as Tensor,
      backward: () => backward as Tensor,
    });
  const x = leaf([1, 2]);
  t.throws(() => returning(3)(x), { name: 'TypeError', message: 'odd: forward must return tensors, got number' });
  t.throws(() => returning(undefined)(x), { message: 'odd: forward must return tensors, got undefined' });
  t.throws(() => returning([])(x), { message: 'odd: forward returned no tensor' });
  t.throws(() => (returning(3) as (x: unknown) => unknown)('text'), { message: 'odd: no input is a tensor' });
  const backward = (gradient: unknown, ...more: unknown[]) =>
    (returning(x.detach().mul(2), gradient) as (...inputs: unknown[]) => Tensor)(x, ...more)
      .sum()
      .backward();
  const one = torch.ones([2], { dtype: 'float64' });
  t.throws(() => backward([one, one]), { message: 'odd: backward must return 1 gradients, one for each input, got 2' });
  t.throws(() => backward(one, 3), { message: 'odd: backward must return 2 gradients, one for each input, got 1' });
  t.throws(() => backward([one, one], 3), { message: 'odd: input 1 is no tensor, so its gradient must be null' });
  t.throws(() => backward('text'), { message: 'odd: the gradient of input 0 must be a tensor or null, got string' });
  t.throws(() => backward(torch.ones([3], { dtype: 'float64' })), /invalid gradient at index/);
  const gone = torch.ones([2], { dtype: 'float64' });
  gone.dispose();
  t.throws(() => backward(gone), /the tensor is disposed/);
});

t.test('changing a saved tensor in place is noticed', async (t) => {
  const x = leaf([1]).mul(1);
  const out = cube(x);
  x.add_(1);
  t.throws(() => out.sum().backward(), { message: /modified by an inplace operation/ });
});

t.test('the context keeps what is not a tensor, and tensors outlive the scope that made them', async (t) => {
  const x = leaf([3]);
  const out = torch.scope(() => cube(torch.scope(() => x.mul(2))));
  out.sum().backward();
  t.same(values(x.grad), [3 * 36 * 2]);
  const scaled = torch.customFunction({
    forward: (context, x: Tensor, options: { by: number }) => {
      context.options = options;
      return x.mul(options.by);
    },
    backward: (context, grad) => [grad.mul((context.options as { by: number }).by), null],
  });
  x.grad = null;
  scaled(x, { by: 5 }).sum().backward();
  t.same(values(x.grad), [5]);
});

t.test('up to 32 tensors go in', async (t) => {
  const total = torch.customFunction({
    forward: (_context, ...inputs: Tensor[]) => torch.stack(inputs).sum(),
    backward: (context, grad) => Array.from({ length: context.count as number }, () => grad),
  });
  const counted = torch.customFunction({
    forward: (context, ...inputs: Tensor[]) => {
      context.count = inputs.length;
      return torch.stack(inputs).sum();
    },
    backward: (context, grad) => Array.from({ length: context.count as number }, () => grad),
  });
  const inputs = Array.from({ length: 32 }, (_, i) => torch.tensor(i, { dtype: 'float64', requiresGrad: true }));
  counted(...inputs).backward();
  t.ok(inputs.every((input) => input.grad?.item() === 1));
  t.throws(() => total(...inputs, leaf([1]).sum()), { message: /takes 1 to 32 tensors, got 33/ });
});
