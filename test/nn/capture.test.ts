import t from 'tap';
import * as nn from '../../lib/nn';
import type { Tensor } from '../../lib/torch';
import { placed, torch } from '../device';
import { largestDifference, numbers } from '../parity/expected';

function net(): nn.Sequential {
  torch.manualSeed(1);
  return placed(new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2)));
}

/** Opens a scope inside its forward pass, as a decoder does to free a layer's intermediates early. */
class Scoped extends nn.Module {
  inner = new nn.Linear(3, 3);
  last = new nn.Linear(3, 1);

  forward(x: Tensor): Tensor {
    return this.last.call(torch.scope(() => this.inner.call(x).tanh()));
  }
}

t.test('activations carry gradient to the weights before them, and only those', async (t) => {
  const model = net();
  using captured = nn.capture(model, ['0']);
  model.call(torch.ones([2, 3]));
  const hidden = captured.activations.get('0')!;
  t.same(hidden.shape, [2, 4]);
  hidden.pow(2).sum().backward();
  const [w0, b0, w2] = model.parameters();
  t.ok(numbers(w0.grad!).some((g) => g !== 0));
  const wanted = numbers(torch.scope(() => hidden.detach().mul(2).sum([0])));
  t.ok(largestDifference(numbers(b0.grad!), wanted) < 1e-6, 'd(h²)/db = 2h');
  t.equal(w2.grad, null);
});

t.test('the gradient with respect to an activation can be asked for', async (t) => {
  const model = net();
  using captured = nn.capture(model, ['1']);
  const loss = model.call(torch.ones([1, 3])).sum();
  const [grad] = torch.grad([loss], [captured.activations.get('1')!]);
  const weight = (model.getModule('2') as nn.Linear).weight;
  t.ok(largestDifference(numbers(grad!), numbers(weight.sum([0]))) < 1e-6);
});

t.test('a loss on captured activations trains', async (t) => {
  const model = net();
  const [a, b] = [torch.randn([4, 3]), torch.randn([4, 3])];
  using captured = nn.capture(model, ['0', '1']);
  const overlap = (): Tensor => {
    model.call(a);
    const self = captured.take();
    model.call(b);
    const other = captured.take();
    return torch.mseLoss(self.get('1')!, other.get('1')!);
  };
  const first = torch.scope(() => Number(overlap().item()));
  for (let i = 0; i < 20; i++) {
    torch.scope(() => {
      model.zeroGrad();
      overlap().backward();
      torch.noGrad(() => model.parameters().forEach((p) => p.grad && p.sub_(p.grad.mul(0.5))));
    });
  }
  const last = torch.scope(() => Number(overlap().item()));
  t.ok(last < first / 4, `${first} to ${last}`);
});

t.test('detach cuts the graph', async (t) => {
  const model = net();
  using captured = nn.capture(model, ['0'], { detach: true });
  model.call(torch.ones([1, 3]));
  t.notOk(captured.activations.get('0')!.requiresGrad);
});

t.test('by predicate, and at the input', async (t) => {
  const model = net();
  using linears = nn.capture(model, (_, module) => module instanceof nn.Linear);
  using inputs = nn.capture(model, ['2'], { at: 'input' });
  model.call(torch.ones([1, 3]));
  t.same([...linears.activations.keys()], ['0', '2']);
  t.same(inputs.activations.get('2')!.shape, [1, 4]);
  linears.clear();
  t.equal(linears.activations.size, 0);
  linears.remove();
  model.call(torch.ones([1, 3]));
  t.equal(linears.activations.size, 0);
});

t.test('activations outlive the scopes a model opens, and belong to the scope of the call', async (t) => {
  const model = placed(new Scoped());
  using captured = nn.capture(model, ['inner', '']);
  const before = torch.memory().tensors;
  const kept = torch.scope(() => {
    const out = model.call(torch.ones([1, 3]));
    t.equal(captured.activations.get(''), out);
    const inner = captured.activations.get('inner')!;
    t.notOk(inner.isDisposed);
    t.same(inner.shape, [1, 3]);
    return torch.scope(() => inner.detach().mul(2));
  });
  t.ok(captured.activations.get('inner')!.isDisposed, 'freed with the scope of the call');
  // The collector may take what earlier tests left behind at any time.
  t.ok(torch.memory().tensors - before <= 1, 'only the result is left');
  t.same(kept.shape, [1, 3]);
  const returned = torch.scope(() => {
    model.call(torch.ones([1, 3]));
    return captured.take();
  });
  t.notOk(returned.get('inner')!.isDisposed, 'returned from the scope');
});

t.test('refusals', async (t) => {
  const model = net();
  t.throws(() => nn.capture(model, ['7']), { message: "Sequential has no module '7'; it holds 0, 1, 2" });
  t.throws(() => nn.capture(model, () => false), { message: 'capture: the predicate chose no module of Sequential' });
  class Odd extends nn.Module<[], string> {
    forward(): string {
      return 'text';
    }
  }
  const odd = new Odd();
  using _captured = nn.capture(odd, ['']);
  t.throws(() => odd.call(), { message: "capture: '' gave string where a tensor was expected" });
});
