import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { torch, type Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const leaf = (): Tensor => torch.tensor([1, 2], { dtype: 'float64', requiresGrad: true });

const square = torch.customFunction({
  forward(context, x: Tensor) {
    context.saveForBackward(x);
    return x.square();
  },
  backward: ({ savedTensors: [x] }, grad) => grad.mul(x).mul(2),
});
const failing = torch.customFunction({
  forward: (_context, x: Tensor, fail: boolean) => {
    if (fail) throw new Error('forward');
    return x.mul(1);
  },
  backward: () => {
    throw new Error('backward');
  },
});

/** Each leaves nothing behind when the scope around it is closed. */
const WORKS: Record<string, () => unknown> = {
  operators: () => leaf().add(1).softmax(0).sum(),
  'operators that return several': () => [leaf().sort(), leaf().max(0), leaf().split(1)],
  'an error in an operator': () => leaf().matmul(torch.ones([3, 3])),
  'an error after some arguments were read': () => torch.cat([leaf(), torch.ones([2, 2, 2])]),
  backward: () => leaf().exp().sum().backward(),
  'higher derivatives': () => {
    const x = leaf();
    const [grad] = torch.grad(x.pow(3).sum(), x, { createGraph: true }) as [Tensor];
    grad.sum().backward();
    x.grad = null; // with createGraph a leaf may hold a graph that leads back to itself
  },
  hooks: () => {
    const x = leaf();
    x.registerHook((grad) => grad.mul(2));
    x.exp().sum().backward();
  },
  'a hook that throws': () => {
    const x = leaf();
    x.registerHook((grad) => {
      grad.mul(2);
      throw new Error('hook');
    });
    x.exp().sum().backward();
  },
  'a custom function': () => square(square(leaf())).sum().backward(),
  'a custom function without backward': () => square(leaf()),
  'a custom function that throws in forward': () => failing(leaf(), true),
  'a custom function that throws in backward': () => failing(leaf(), false).sum().backward(),
  'data in and out': () =>
    torch
      .tensor([[1, 2]])
      .to('float64')
      .toArray(),
  'a shape that does not fit': () => torch.tensor([1, 2, 3], { shape: [2, 2] }),
  'a loose argument': () => leaf().sum([torch.tensor(0)] as never),
  'sharing and receiving': () => torch.receive(torch.share(leaf())),
  printing: () => String(torch.rand([50, 50])),
  'random state': () => torch.setRngState(torch.getRngState()),
};

t.test('the live count returns to where it was', async (t) => {
  for (const secondThread of [false, true]) {
    native.useSecondThread(secondThread);
    for (const [name, work] of Object.entries(WORKS)) {
      const before = torch.memory().tensors;
      for (let i = 0; i < 20; i++) {
        torch.scope(() => {
          try {
            work();
          } catch {
            // what is left behind by errors is what this is about
          }
        });
      }
      t.equal(torch.memory().tensors - before, 0, name);
    }
  }
  native.useSecondThread(false);
});

t.test('outside of scopes the collector frees tensors', async (t) => {
  collectGarbage();
  const before = torch.memory().tensors;
  const work = () => {
    for (const each of Object.values(WORKS)) {
      try {
        each();
      } catch {
        // as above
      }
    }
  };
  for (let i = 0; i < 5; i++) work();
  // What the last calls left on the stack may live for another round.
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise(setImmediate);
  }
  t.ok(torch.memory().tensors - before <= 1, `${torch.memory().tensors - before} more than before`);
});

t.test('hooks and custom functions are forgotten once libtorch lets go of them', async (t) => {
  const references: WeakRef<object>[] = [];
  torch.scope(() => {
    const hook = (grad: Tensor) => grad.mul(2);
    references.push(new WeakRef(hook));
    const x = leaf();
    x.registerHook(hook);
    x.exp().sum().backward();
    const big = { text: 'kept by the context' };
    references.push(new WeakRef(big));
    const remembers = torch.customFunction({
      forward: (context, x: Tensor) => {
        context.big = big;
        return x.mul(1);
      },
      backward: (_context, grad) => grad,
    });
    remembers(x).sum().backward();
  });
  native.forgetReleased();
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  t.same(
    references.map((reference) => reference.deref()),
    [undefined, undefined],
  );
});

t.test('a custom function keeps its inputs no longer than the graph does', async (t) => {
  const { bytes } = torch.memory();
  const x = torch.ones([1000], { requiresGrad: true });
  const out = torch.scope(() => square(x.mul(2)).sum());
  t.ok(torch.memory().bytes - bytes < 5000 + 64, 'no handle on what was saved');
  out.dispose();
  x.dispose();
  t.equal(torch.memory().bytes, bytes);
});
