import t from 'tap';
import * as nn from '../../lib/nn';
import type { Tensor } from '../../lib/torch';
import { placed, torch } from '../device';
import { numbers } from '../parity/expected';

function net(): nn.Sequential {
  torch.manualSeed(0);
  return placed(new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2)));
}

t.test('a forward hook reads and replaces the output', async (t) => {
  const model = net();
  const x = torch.ones([1, 3]);
  const plain = numbers(model.call(x));
  const seen: number[][] = [];
  const reading = model.getModule('1').registerForwardHook((module, args, output) => {
    t.equal(module.kind, 'Tanh');
    t.equal(args.length, 1);
    seen.push((output as Tensor).shape);
  });
  const zeroing = model.getModule('1').registerForwardHook((_, __, output) => (output as Tensor).mul(0));
  const zeroed = numbers(model.call(x));
  t.same(seen, [[1, 4]]);
  t.same(zeroed, numbers((model.getModule('2') as nn.Linear).bias!), 'only the last bias is left');
  zeroing.remove();
  t.same(numbers(model.call(x)), plain);
  reading.remove();
  model.call(x);
  t.equal(seen.length, 2);
});

t.test('a pre-hook replaces the arguments', async (t) => {
  const model = net();
  const x = torch.ones([1, 3]);
  const wanted = numbers(model.call(x.mul(2)));
  {
    using _hook = model.registerForwardPreHook((_, [input]) => [input.mul(2)]);
    t.same(numbers(model.call(x)), wanted);
  }
  t.notSame(numbers(model.call(x)), wanted, 'using took the hook off');
  model.registerForwardPreHook(() => x as unknown as [Tensor]);
  t.throws(() => model.call(x), {
    message: 'Sequential: a forward pre-hook must return an array of arguments or nothing',
  });
});

t.test('hooks run in order, and one registered twice is removed once', async (t) => {
  const model = new nn.ReLU();
  const order: string[] = [];
  const hook = (): void => void order.push('twice');
  const first = model.registerForwardHook(hook);
  model.registerForwardHook(() => void order.push('middle'));
  model.registerForwardHook(hook);
  model.call(torch.ones([1]));
  t.same(order.splice(0), ['twice', 'middle', 'twice']);
  first.remove();
  first.remove();
  model.call(torch.ones([1]));
  t.same(order, ['middle', 'twice']);
});

t.test('an error thrown in a hook arrives as itself', async (t) => {
  const model = new nn.ReLU();
  const error = new Error('stop');
  model.registerForwardHook(() => {
    throw error;
  });
  try {
    model.call(torch.ones([1]));
    t.fail('must throw');
  } catch (caught) {
    t.equal(caught, error);
  }
});
