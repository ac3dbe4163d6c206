import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { torch, type Tensor } from '../../lib/torch';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

// What earlier tests left to the collector is gone before one counts; it would go between two counts otherwise.
t.beforeEach(async () => {
  collectGarbage();
  for (let turn = 0; turn < 3; turn++) await eventLoopTurn();
});

/** How many tensors more there are after `work` than before. */
function growth(work: () => unknown): number {
  const before = torch.memory().tensors;
  work();
  return torch.memory().tensors - before;
}

t.test('a scope frees what was made in it but what it returns', async (t) => {
  let inside: Tensor[] = [];
  const out = torch.scope(() => {
    const a = torch.ones([2]);
    const b = a.add(1);
    inside = [a, b];
    return b.mul(3);
  });
  t.same(out.toArray(), [6, 6]);
  t.same(
    inside.map((tensor) => tensor.isDisposed),
    [true, true],
  );
  t.equal(
    growth(() => torch.scope(() => void torch.ones([3]).add(1))),
    0,
  );
  t.equal(
    growth(() => torch.scope(() => [torch.ones([3]), 1])),
    1,
  );
});

t.test('tensors are found in arrays, plain objects, Maps and Sets of any depth', async (t) => {
  const made = (): Tensor => torch.ones([1]);
  const results: [string, () => unknown, number][] = [
    ['array', () => [made(), [made()]], 2],
    ['object', () => ({ a: made(), b: { c: made() } }), 2],
    [
      'Map',
      () =>
        new Map([
          ['a', made()],
          ['b', made()],
        ]),
      2,
    ],
    ['Set', () => new Set([made()]), 1],
    ['mixed', () => ({ list: [new Map([['x', [made()]]])], none: null, text: 'x' }), 1],
    ['object without prototype', () => Object.assign(Object.create(null) as object, { a: made() }), 1],
    [
      'the same tensor twice',
      () => {
        const one = made();
        return [one, one];
      },
      1,
    ],
    [
      'a class of its own is not searched',
      () =>
        new (class {
          field = made();
        })(),
      0,
    ],
  ];
  for (const [name, work, count] of results)
    t.equal(
      growth(() => torch.scope(work)),
      count,
      name,
    );
  const ring: { self?: unknown; tensor: Tensor } = { tensor: torch.ones([1]) };
  const found = torch.scope(() => {
    ring.tensor = torch.ones([1]);
    ring.self = ring;
    return ring;
  });
  t.equal(found.tensor.isDisposed, false, 'an object that holds itself');
});

t.test('scopes nest: a result passes to the scope around', async (t) => {
  let passed: Tensor | undefined;
  let kept: Tensor | undefined;
  const out = torch.scope(() => {
    passed = torch.scope(() => {
      kept = torch.ones([1]).keep();
      return torch.ones([2]);
    });
    t.equal(passed.isDisposed, false);
    return torch.scope(() => torch.scope(() => (passed as Tensor).add(1)));
  });
  t.equal(passed?.isDisposed, true);
  t.equal(kept?.isDisposed, false, 'a kept tensor belongs to no scope');
  t.same(out.toArray(), [2, 2]);
  kept?.dispose();
});

t.test('an exception frees everything and passes through', async (t) => {
  let made: Tensor | undefined;
  const mine = new Error('mine');
  t.throws(
    () =>
      torch.scope(() => {
        made = torch.ones([1]);
        throw mine;
      }),
    mine,
  );
  t.equal(made?.isDisposed, true);
  t.throws(
    () =>
      torch.scope(() => {
        torch.scope();
        made = torch.ones([1]);
        throw mine;
      }),
    mine,
    'with a scope inside that was left open',
  );
  t.equal(made?.isDisposed, true);
  const trap = {
    get tensor(): Tensor {
      throw mine;
    },
  };
  t.throws(
    () =>
      torch.scope(() => {
        made = torch.ones([1]);
        return trap;
      }),
    mine,
    'while the result is searched',
  );
  t.equal(made?.isDisposed, true);
  t.equal(
    growth(() => torch.scope(() => void torch.ones([1]))),
    0,
    'scopes work as before',
  );
});

t.test('an asynchronous function is refused', async (t) => {
  let made: Tensor | undefined;
  t.throws(
    () =>
      torch.scope(async () => {
        made = torch.ones([1]);
      }),
    { name: 'TypeError', message: 'scope: the function must be synchronous, and it returned a promise' },
  );
  t.equal(made?.isDisposed, true);
});

t.test('using closes a scope at the end of its block', async (t) => {
  let made: Tensor;
  {
    using scope = torch.scope();
    made = torch.ones([1]);
    t.equal(scope.isOpen, true);
  }
  t.equal(made.isDisposed, true);
  const scope = torch.scope();
  const [kept, lost] = [torch.ones([1]), torch.ones([1])];
  t.equal(scope.close(kept), kept);
  t.same([kept.isDisposed, lost.isDisposed, scope.isOpen], [false, true, false]);
  t.throws(() => scope.close(), { message: 'scope: this scope is closed already' });
});

t.test('closing an outer scope closes those inside; a closed scope never closes another', async (t) => {
  const outer = torch.scope();
  const inner = torch.scope();
  const made = torch.ones([1]);
  outer.close();
  t.same([made.isDisposed, inner.isOpen], [true, false]);
  t.throws(() => inner.close(), { message: 'scope: this scope is closed already' });

  const later = torch.scope();
  const another = torch.scope();
  const alive = torch.ones([1]);
  outer[Symbol.dispose]();
  inner[Symbol.dispose]();
  t.throws(() => inner.close(), { message: 'scope: this scope is closed already' });
  t.same([later.isOpen, another.isOpen, alive.isDisposed], [true, true, false], 'of the same levels');
  another.close();
  later.close();
  t.equal(alive.isDisposed, true);
});

t.test('a disposed tensor says so, and disposing twice does nothing', async (t) => {
  const x = torch.ones([2]);
  x.dispose();
  x.dispose();
  t.equal(x.isDisposed, true);
  t.equal(String(x), 'Tensor (disposed)');
  const message = /the tensor is disposed \(freed by dispose\(\) or by the scope it was made in\)$/;
  t.throws(() => x.add(1), { message: /^add: argument 'self': the tensor is disposed/ });
  t.throws(() => torch.ones([2]).add(x), { message: /^add: argument 'other': the tensor is disposed/ });
  t.throws(() => torch.cat([torch.ones([2]), x]), { message: /^cat: argument 'tensors': the tensor is disposed/ });
  for (const use of [
    () => x.shape,
    () => x.dtype,
    () => x.item(),
    () => x.toArray(),
    () => x.grad,
    () => x.backward(),
    () => x.requiresGrad,
    () => x.device,
    () => x.keep(),
    () => x.bytes(),
    () => x.to('float64'),
    () => torch.share(x),
  ]) {
    t.throws(use, { message }, String(use));
  }
  {
    using y = torch.ones([1]);
    t.equal(y.isDisposed, false);
  }
  const stale = torch.ones([1]);
  stale.dispose();
  const fresh = torch.zeros([1]);
  t.throws(() => stale.item(), { message }, 'a slot that is used again does not serve an old handle');
  t.equal(fresh.item(), 0);
});

t.test('views and graphs keep what they need', async (t) => {
  const base = torch.arange(6);
  const view = base.view([2, 3]);
  base.dispose();
  t.same(view.toArray(), [
    [0, 1, 2],
    [3, 4, 5],
  ]);
  const x = torch.tensor([2], { dtype: 'float64', requiresGrad: true });
  const loss = torch.scope(() => x.mul(x).exp().sum());
  loss.backward();
  t.ok(Math.abs((x.grad as Tensor).item() - 4 * Math.exp(4)) < 1e-9);
});

t.test('keep() takes a tensor out of every scope', async (t) => {
  let kept: Tensor | undefined;
  torch.scope(() =>
    torch.scope(() => {
      kept = torch.ones([1]).keep();
    }),
  );
  t.equal(kept?.isDisposed, false);
  kept?.dispose();
  t.equal(kept?.isDisposed, true);
});

t.test('memory() counts tensors, and bytes of storages once', async (t) => {
  const { tensors, bytes } = torch.memory();
  const x = torch.zeros([1000]);
  const view = x.view([10, 100]);
  t.same(torch.memory(), { tensors: tensors + 2, bytes: bytes + 4000 });
  x.dispose();
  t.same(torch.memory(), { tensors: tensors + 1, bytes: bytes + 4000 }, 'the view holds the storage');
  view.dispose();
  t.same(torch.memory(), { tensors, bytes });
});

t.test('gradients and caught tensors belong to the scope they came up in', async (t) => {
  const x = torch.tensor([1.5], { requiresGrad: true });
  let caught: Tensor | undefined;
  x.registerHook((grad) => {
    caught = grad;
  });
  torch.scope(() => x.mul(2).sum().backward());
  t.equal(caught?.isDisposed, true);
  x.mul(2).sum().backward();
  t.same(caught?.toArray(), [2], 'outside of scopes they live as long as their object');
  torch.scope(() => {
    t.same(x.grad?.toArray(), [4]);
  });
  t.same(x.grad?.toArray(), [4], 'the gradient itself lives with its leaf');
});
