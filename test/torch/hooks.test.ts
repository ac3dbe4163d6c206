import t, { type Test } from 'tap';
import type { Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { torch } from '../device';

const leaf = (values: number[]): Tensor => torch.tensor(values, { dtype: 'float64', requiresGrad: true });
const values = (tensor: Tensor | null | undefined): unknown => tensor?.toArray();

/** CUDA runs backward on threads of its own; the same bridge is tried here on the processor. */
for (const secondThread of [false, true]) {
  const where = secondThread ? 'the engine on a second thread' : 'the engine on this thread';
  const test = (name: string, body: (t: Test) => void): void => {
    t.test(`${name}, ${where}`, async (t) => {
      native.useSecondThread(secondThread);
      t.teardown(() => native.useSecondThread(false));
      body(t);
    });
  };

  test('a hook sees the gradient and may replace it', (t) => {
    const x = leaf([1, 2]);
    const inner = x.mul(3);
    const seen: unknown[] = [];
    inner.registerHook((grad) => void seen.push(values(grad)));
    inner.registerHook((grad) => grad.mul(10));
    x.registerHook((grad) => void seen.push(values(grad)));
    inner.mul(inner).sum().backward();
    t.same(seen, [
      [6, 12],
      [180, 360],
    ]);
    t.same(values(x.grad), [180, 360]);
  });

  test('a removed hook stays silent, also when its tensor is gone', (t) => {
    const x = leaf([1]);
    let calls = 0;
    const hook = x.registerHook(() => void calls++);
    x.mul(2).sum().backward();
    hook.remove();
    hook.remove();
    x.mul(2).sum().backward();
    t.equal(calls, 1);
    const inner = x.mul(2);
    const second = inner.registerHook(() => void calls++);
    const loss = inner.sum();
    inner.dispose();
    second.remove();
    loss.backward();
    t.equal(calls, 1);
    {
      using third = x.registerHook(() => void calls++);
      t.ok(third);
    }
    x.mul(2).sum().backward();
    t.equal(calls, 1, 'using removes it');
  });

  test('what a hook throws arrives as it is', (t) => {
    const x = leaf([1]);
    for (const thrown of [new RangeError('mine'), { code: 7 }, 'text', 42, null, undefined]) {
      const hook = x.registerHook(() => {
        throw thrown;
      });
      let caught: unknown = 'nothing';
      try {
        x.mul(2).sum().backward();
      } catch (error) {
        caught = error;
      }
      t.equal(caught, thrown, String(thrown));
      hook.remove();
    }
    t.equal(x.grad, null);
    x.mul(2).sum().backward();
    t.same(values(x.grad), [2], 'the next pass is not touched');
    t.throws(() => torch.tensor([1]).backward(), /does not require grad/, 'nor is the next error');
  });

  test('a hook may run a backward pass of its own', (t) => {
    const x = leaf([3]);
    const y = leaf([5]);
    x.registerHook((grad) => {
      t.equal(torch.isGradEnabled(), false, 'no graph is recorded in a hook');
      return torch.enableGrad(() => {
        y.mul(y).sum().backward();
        return torch.grad(grad.detach().mul(y).sum(), y)[0] as Tensor;
      });
    });
    x.mul(7).sum().backward();
    t.same(values(y.grad), [10]);
    t.same(values(x.grad), [7]);
  });

  test('an error inside a hook that the hook catches stays there', (t) => {
    const x = leaf([1]);
    const messages: string[] = [];
    x.registerHook((grad) => {
      const inner = leaf([1]);
      inner.registerHook(() => {
        throw new Error('deep');
      });
      try {
        torch.enableGrad(() => inner.mul(1).sum()).backward();
      } catch (error) {
        messages.push((error as Error).message);
      }
      return grad.mul(2);
    });
    x.sum().backward();
    t.same(messages, ['deep']);
    t.same(values(x.grad), [2]);
    const problem = x.exp();
    const loss = problem.mul(problem).sum();
    problem.add_(1);
    t.throws(() => loss.backward(), { message: /modified by an inplace operation/ }, 'an error of libtorch is its own');
  });

  test('hooks work in nested passes and for grad()', (t) => {
    const x = leaf([2]);
    const order: string[] = [];
    const inner = x.mul(x);
    inner.registerHook(() => void order.push('inner'));
    x.registerHook(() => void order.push('leaf'));
    const [first] = torch.grad(inner.mul(x).sum(), x, { createGraph: true }) as [Tensor];
    t.equal(order.join(), 'inner,leaf');
    t.same(values(torch.grad(first.sum(), x)[0]), [12]);
  });

  test('what a hook returns is checked', (t) => {
    const x = leaf([1, 2]);
    const returning = (value: unknown) => {
      const hook = x.registerHook(() => value as Tensor);
      try {
        x.mul(2).sum().backward();
      } finally {
        hook.remove();
      }
    };
    t.throws(() => returning(3), { message: 'registerHook: a hook returns a tensor or nothing' });
    t.throws(() => returning(torch.tensor([1, 2, 3], { dtype: 'float64' })), /shape|size/i);
    const gone = torch.tensor([1, 2], { dtype: 'float64' });
    gone.dispose();
    t.throws(() => returning(gone), /the tensor is disposed/);
    x.grad = null;
    returning(null);
    t.same(values(x.grad), [2, 2]);
    t.throws(() => x.registerHook(7 as never), { message: 'registerHook: expected a function, got number' });
    t.throws(() => torch.tensor([1]).registerHook(() => undefined), /doesn't require gradient/);
  });

  test('hooks run in the order of the graph however deep it is', (t) => {
    const x = leaf([1]);
    let y = x;
    let calls = 0;
    for (let i = 0; i < 500; i++) {
      y = y.mul(1);
      y.registerHook(() => void calls++);
    }
    y.sum().backward();
    t.equal(calls, 500);
  });
}

t.test('backward inside of backward, deeper than the engine likes', async (t) => {
  const dive = (depth: number): number => {
    const x = leaf([1]);
    let reached = depth;
    x.registerHook(() => {
      if (depth < 80) reached = dive(depth + 1);
    });
    torch.enableGrad(() => x.mul(2).sum()).backward();
    return reached;
  };
  t.equal(dive(1), 80);
});
