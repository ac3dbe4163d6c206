import t from 'tap';
import type { Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { torch } from '../device';
import { gradientError, TOLERANCE } from './finite-differences';

const leaf = (shape: number[], dtype: 'float32' | 'float64' = 'float32'): Tensor => {
  const tensor = torch.randn(shape, { dtype });
  tensor.requiresGrad = true;
  return tensor;
};
const bits = (tensor: Tensor | null | undefined): string =>
  tensor
    ? Buffer.from(new Uint8Array((tensor.detach().toTypedArray() as Float32Array).buffer)).toString('hex')
    : 'none';

/** A layer with dropout, its weight as a parameter or as an input, as `checkpoint` takes it or not. */
function layer(weight: Tensor) {
  const call = (x: Tensor, share: number): Tensor =>
    torch.dropout(x.matmul(weight).mul(share), 0.5, true).silu().add(x);
  return { call, parameters: () => [weight] };
}

/** Three layers over one batch after another; what comes out of it all, as bits. */
function train(checkpointed: boolean, batches = 2): Record<string, string> {
  torch.manualSeed(7);
  const x = leaf([5, 8]);
  const weights = Array.from({ length: 3 }, () => leaf([8, 8]));
  const outputs: string[] = [];
  for (let batch = 0; batch < batches; batch++) {
    let hidden: Tensor = x.mul(batch + 1);
    for (const weight of [...weights, weights[0]]) {
      const one = layer(weight);
      hidden = checkpointed ? torch.checkpoint(one, hidden, 0.7) : one.call(hidden, 0.7);
    }
    outputs.push(bits(hidden));
    hidden.square().sum().backward();
  }
  const grads = Object.fromEntries([x, ...weights].map(({ grad }, i) => [`gradient ${i}`, bits(grad)]));
  return { ...grads, outputs: outputs.join(), random: bits(torch.rand([4])) };
}

for (const secondThread of [false, true]) {
  t.test(`the same bits, dropout and all; engine on ${secondThread ? 'a second' : 'this'} thread`, (t) => {
    native.useSecondThread(secondThread);
    t.teardown(() => native.useSecondThread(false));
    const [plain, checkpointed] = [train(false), train(true)];
    for (const [what, value] of Object.entries(plain)) t.ok(checkpointed[what] === value, what);
    t.notOk(checkpointed['gradient 0'] === train(true, 1)['gradient 0'], 'gradients add up');
    t.end();
  });
}

t.test('gradients are the slopes', (t) => {
  const [a, b] = [leaf([3, 4], 'float64'), leaf([4, 2], 'float64')];
  const f = (x: Tensor, y: Tensor): Tensor => x.matmul(y).tanh();
  t.ok(gradientError((x, y) => torch.checkpoint(f, x, y), [a, b]) < TOLERANCE);
  t.ok(gradientError((x, y) => torch.checkpoint(f, torch.checkpoint(f, x, y).matmul(y.t()), y), [a, b]) < TOLERANCE);
  const inner = (x: Tensor): Tensor => torch.checkpoint(f, x.exp(), b);
  t.ok(gradientError((x) => torch.checkpoint(inner, x), [a]) < TOLERANCE, 'one inside the other');
  const two = (x: Tensor, y: Tensor): [Tensor, Tensor] => [x.matmul(y), x.sin()];
  const joined = (x: Tensor, y: Tensor): Tensor => torch.cat(torch.checkpoint(two, x, y).map((out) => out.flatten()));
  t.ok(gradientError(joined, [a, b]) < TOLERANCE, 'two outputs');
  const first = (x: Tensor, y: Tensor): Tensor => torch.checkpoint(two, x, y)[1];
  t.ok(gradientError((x, y) => first(x, y).add(y.sum()), [a, b]) < TOLERANCE, 'one of them unused');
  t.end();
});

t.test('gradients reach the tensors that a function refers to', (t) => {
  const [x, w] = [leaf([2, 3]), leaf([3, 3])];
  w.grad = torch.ones([3, 3]);
  const out = torch.checkpoint((given: Tensor) => given.matmul(w).sin(), x);
  out.sum().backward();
  const [wanted] = torch.grad(x.matmul(w).sin().sum(), [w]) as [Tensor];
  t.ok(w.grad.sub(1).allclose(wanted));
  t.end();
});

t.test('more parameters than a custom function takes', (t) => {
  const parameters = Array.from({ length: 40 }, () => leaf([2]));
  const many = {
    call: (x: Tensor): Tensor => parameters.reduce((sum, parameter) => sum.mul(parameter.cos()), x),
    parameters: () => parameters,
  };
  const x = leaf([2]);
  const wanted = torch.grad(many.call(x).sum(), [x, ...parameters]).map(bits);
  torch.checkpoint(many, x).sum().backward();
  t.same([x, ...parameters].map(({ grad }) => bits(grad)), wanted); // prettier-ignore
  t.end();
});

t.test('only the inputs are kept', (t) => {
  const x = leaf([64, 64]);
  const deep = (given: Tensor): Tensor => {
    let hidden = given;
    for (let i = 0; i < 20; i++) hidden = hidden.sin().mul(1.1);
    return hidden;
  };
  const bytes = (work: () => Tensor): number => {
    const before = torch.memory().bytes;
    return torch.scope(() => {
      work().sum().backward();
      return torch.memory().bytes - before;
    });
  };
  bytes(() => deep(x)); // makes x.grad
  const size = 64 * 64 * 4;
  t.ok(bytes(() => deep(x)) > 30 * size);
  t.ok(bytes(() => torch.checkpoint(deep, x)) < 5 * size, 'and the output');
  const out = torch.scope(() => torch.checkpoint((y: Tensor) => y.sin(), x.mul(2)));
  const tensors = torch.memory().tensors;
  torch.scope(() => out.sum().backward());
  t.equal(
    torch.memory().tensors,
    tensors,
    'the backward pass leaves nothing; an input of a closed scope is still there',
  );
  t.end();
});

t.test('without a graph to record it is a plain call', (t) => {
  let calls = 0;
  const f = (x: Tensor): Tensor => (calls++, x.mul(2));
  t.notOk(torch.noGrad(() => torch.checkpoint(f, leaf([2]))).requiresGrad);
  t.notOk(torch.checkpoint(f, torch.ones([2])).requiresGrad);
  t.equal(calls, 2);
  t.equal(torch.checkpoint(f, leaf([2])).gradFn !== null, true);
  t.end();
});

t.test('what cannot be done is an error, and gathered gradients stay', (t) => {
  const w = leaf([3]);
  let fails = false;
  const one = {
    call(x: Tensor): Tensor {
      if (fails) throw new RangeError('the second time');
      return x.mul(w);
    },
    parameters: () => [w],
  };
  const x = leaf([3]);
  torch.checkpoint(one, x).sum().backward();
  const before = bits(w.grad);
  const out = torch.checkpoint(one, x).sum();
  fails = true;
  t.throws(() => out.backward(), /the second time/);
  t.throws(() => torch.checkpoint(one, x), /the second time/);
  fails = false;
  t.throws(() => torch.grad(torch.checkpoint(one, x).sum(), [x], { createGraph: true }), /no second derivative/);
  const changed = torch.checkpoint(one, x).sum();
  torch.noGrad(() => w.add_(1));
  t.throws(() => changed.backward(), /modified by an inplace operation/);
  t.equal(bits(w.grad), before);
  t.end();
});
