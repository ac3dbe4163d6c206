import t from 'tap';
import { loadModel, streamGenerate } from '../../lib/models';
import { Linear, Parameter, Sequential } from '../../lib/nn';
import { PackedLinears } from '../../lib/nn/packed-linears';
import { join } from 'node:path';
import { torch, type Tensor } from '../../lib/torch';
import { numbers } from '../parity/expected';

function packed(): { linear: Linear; input: Tensor } {
  torch.manualSeed(1);
  const linear = new Linear(24, 40, { bias: false });
  linear.weight.requiresGrad = false;
  return { linear, input: torch.randn([2, 24]) };
}

const skip = !torch.canPack() && 'this processor cannot pack';

/** The product by its definition, in float64. */
function product(input: Tensor, weight: Tensor): number[] {
  return numbers(torch.noGrad(() => input.to('float64').matmul(weight.to('float64').t())));
}

const near = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-5);

t.test('a packed layer computes with the weight that it has, however that came to be', { skip }, async (t) => {
  const changes: Record<string, (linear: Linear) => void> = {
    nothing: () => undefined,
    'in place': ({ weight }) => void torch.noGrad(() => weight.mul_(2)),
    'through a view': ({ weight }) => void torch.noGrad(() => weight.select(0, 3).zero_()),
    loaded: (linear) => void linear.loadStateDict(new Map([['weight', torch.zeros([40, 24])]])),
    'taken over': (linear) => void linear.loadStateDict(new Map([['weight', torch.ones([40, 24])]]), { assign: true }),
    'data set': ({ weight }) => void weight.setData(torch.ones([40, 24]).mul(3)),
    replaced: (linear) => void (linear.weight = new Parameter(torch.eye(40).narrow(1, 0, 24), false)),
    'transposed data': (linear) => void linear.weight.setData(torch.randn([24, 40]).t()),
  };
  for (const [name, change] of Object.entries(changes)) {
    const { linear, input } = packed();
    t.ok(linear.pack());
    t.ok(near(numbers(linear.call(input)), product(input, linear.weight)), 'before');
    change(linear);
    t.ok(near(numbers(linear.call(input)), product(input, linear.weight)), name);
    t.equal(linear.packed !== undefined, name === 'nothing');
    t.ok(linear.pack(), 'and it can be packed again');
    t.ok(near(numbers(linear.call(input)), product(input, linear.weight)), `${name}, packed again`);
    linear.unpack();
  }
  const { linear, input } = packed();
  linear.pack();
  linear.to('float64');
  t.ok(near(numbers(linear.call(input.to('float64'))), product(input, linear.weight)), 'another dtype');
});

t.test('a weight that became trainable is trained', { skip }, async (t) => {
  const { linear, input } = packed();
  linear.pack();
  linear.weight.requiresGrad = true;
  const output = linear.call(input);
  t.equal(output.requiresGrad, true);
  output.sum().backward();
  // The gradient of a sum of x Wᵀ: each row of it is the sum of the inputs.
  const sums = numbers(input.sum([0]));
  t.ok(near(numbers(linear.weight.grad!.select(0, 5)), sums));
});

t.test('weights made in inference mode, whose changes are not counted, are not packed', async (t) => {
  const { linear } = packed();
  torch.inferenceMode(() => linear.weight.setData(torch.ones([40, 24])));
  const fresh = torch.inferenceMode(() => new Parameter(torch.ones([40, 24]), false));
  linear.weight = fresh;
  t.equal(linear.pack(), false);
});

t.test('copies are shared by those who want them at once, and used by nobody else', { skip }, async (t) => {
  const { linear, input } = packed();
  const model = new Sequential(linear);
  const call = (): number[] => torch.scope(() => numbers(model.call(input)));
  const plain = call();
  const before = torch.memory().tensors;
  const [a, b] = [new PackedLinears(model), new PackedLinears(model)];
  t.ok(torch.memory().tensors - before <= 2, 'one copy for both: the panels, and what they were made of');
  const own = a.run(() => linear.packed);
  t.ok(own);
  t.equal(
    b.run(() => linear.packed),
    own,
  );
  t.equal(linear.packed, undefined);
  t.same(call(), plain, 'the same bits as without');
  a[Symbol.dispose]();
  t.ok(near(b.run(call), plain), 'one leaves, the other goes on');
  t.ok(b.run(() => linear.packed));
  b[Symbol.dispose]();
  b[Symbol.dispose]();
  // The collector may have freed what earlier tests have left.
  t.ok(torch.memory().tensors <= before, 'nothing of them is left');
  t.throws(
    () =>
      new PackedLinears(model).run(() => {
        throw new Error('in it');
      }),
    { message: 'in it' },
  );
  t.equal(linear.packed, undefined);
});

t.test('a stream that was left without an end changes nothing for others', async (t) => {
  const model = loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'));
  const ids = torch.tensor([[1, 5, 9, 2]]);
  const plain = numbers(torch.noGrad(() => model.call(ids)));
  const stream = streamGenerate(
    model,
    [
      [1, 2],
      [3, 4],
    ],
    { maxNewTokens: 60, eosId: null },
  );
  await stream.next();
  t.same(numbers(torch.noGrad(() => model.call(ids))), plain, 'the same bits while it is open');
  const doubled = new Map([...model.stateDict()].map(([name, weight]) => [name, weight.mul(2)]));
  const fresh = loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'));
  fresh.loadStateDict(doubled);
  model.loadStateDict(doubled);
  t.same(numbers(torch.noGrad(() => model.call(ids))), numbers(torch.noGrad(() => fresh.call(ids))));
});
