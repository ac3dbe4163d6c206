import t from 'tap';
import { nn } from '../../lib';
import { Event, formatTensor, torch } from '../../lib/torch';

// A misspelt option would be ignored without a word.

const x = torch.ones([2, 2], { requiresGrad: true });
const net = new nn.Linear(2, 2);
const wrong = { nonesuch: 1 } as never;

t.test('an option that there is not is refused wherever options are taken', async (t) => {
  const places: [string, () => unknown][] = [
    ['tensor', () => torch.tensor([1], wrong)],
    ['tensor', () => torch.tensor(Float32Array.of(1), wrong)],
    ['fromBytes', () => torch.fromBytes(Uint8Array.of(1), { dtype: 'uint8', shape: [1], nonesuch: 1 } as never)],
    ['backward', () => x.sum().backward(null, wrong)],
    ['grad', () => torch.grad(x.sum(), x, wrong)],
    ['generator', () => torch.generator(wrong)],
    ['Event', () => new Event('cuda', wrong)],
    ['formatTensor', () => formatTensor(x, wrong)],
    ['Linear', () => new nn.Linear(2, 2, wrong)],
    ['Embedding', () => new nn.Embedding(2, 2, wrong)],
    ['LayerNorm', () => new nn.LayerNorm(2, wrong)],
    ['RMSNorm', () => new nn.RMSNorm(2, null, wrong)],
    ['BatchNorm1d', () => new nn.BatchNorm1d(2, wrong)],
    ['kaimingUniform_', () => nn.init.kaimingUniform_(net.weight, wrong)],
    ['kaimingNormal_', () => nn.init.kaimingNormal_(net.weight, wrong)],
    ['capture', () => nn.capture(net, [''], wrong)],
    ['registerBuffer', () => net.registerBuffer('b', null, wrong)],
    ['loadStateDict', () => net.loadStateDict(net.stateDict(), wrong)],
  ];
  for (const [place, work] of places) {
    t.throws(
      work,
      { name: 'TypeError', message: new RegExp(`^${place}: there is no option 'nonesuch', wanted '`) },
      place,
    );
  }
  t.throws(() => new nn.Linear(2, 2, false as never), {
    message: 'Linear: the options must be an object, got boolean',
  });
  t.throws(() => torch.tensor([1], null as never), { message: 'tensor: the options must be an object, got null' });
});

t.test('what is undefined is left out', async (t) => {
  t.equal(torch.tensor([1], { nonesuch: undefined } as never).dtype, 'int64');
  t.equal(new nn.Linear(2, 2, { bias: undefined, dtype: 'float64' }).bias?.dtype, 'float64');
});
