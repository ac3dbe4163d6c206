import t from 'tap';
import { cachedAttention, torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);
torch.manualSeed(0);
const skip = torch.canPack() ? false : 'this processor lacks AVX2 or FMA';
const largest = (x: Tensor): number => Number(x.abs().max().item());

/** libtorch's, in float64. */
function expected(query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor {
  const [q, k, v] = [query, key, value].map((x) => x.to('float64'));
  return torch.scaledDotProductAttention(q, k, v, mask, 0, false, { enableGqa: true }).to('float32');
}

const attended = (query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor => {
  const made = cachedAttention(query, key, value, mask);
  if (!made) throw new Error('cachedAttention took another way');
  return made;
};

t.test('as scaledDotProductAttention, for heads that share keys and heads of any size', { skip }, async (t) => {
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const [rows, heads, kvHeads, positions, headDim] of [
      [1, 1, 1, 1, 8],
      [2, 4, 4, 7, 64],
      [3, 12, 4, 33, 64],
      [2, 8, 2, 129, 80],
      [1, 10, 2, 16, 128],
      [2, 7, 1, 50, 40],
    ]) {
      const query = torch.randn([rows, heads, 1, headDim]).mul(3);
      const [key, value] = [0, 1].map(() => torch.randn([rows, kvHeads, positions, headDim]));
      const far = largest(attended(query, key, value).sub(expected(query, key, value)));
      t.ok(
        far < 3e-6,
        `${heads} heads on ${kvHeads}, ${positions} positions of ${headDim}, ${threads} threads: ${far}`,
      );
    }
  }
  torch.setNumThreads(1);
});

t.test('part of a cache, and queries that lie across memory, are read as they are', { skip }, async (t) => {
  const query = torch.randn([3, 1, 4, 16]).transpose(1, 2);
  const [key, value] = [0, 1].map(() => torch.randn([5, 2, 40, 16]).narrow(0, 1, 3).narrow(2, 0, 21));
  t.ok(largest(attended(query, key, value).sub(expected(query, key, value))) < 2e-6);
});

t.test('what is masked is not looked at; where all is, zeros come out', { skip }, async (t) => {
  const query = torch.randn([3, 4, 1, 16]);
  const [key, value] = [0, 1].map(() => torch.randn([3, 2, 19, 16]));
  const mask = torch.ones([3, 1, 1, 19], { dtype: 'bool' });
  mask.select(0, 0).narrow(2, 0, 6).zero_();
  mask.select(0, 1).narrow(2, 9, 4).zero_();
  mask.select(0, 2).zero_();
  const made = attended(query, key, value, mask);
  t.ok(largest(made.sub(expected(query, key, value, mask)).narrow(0, 0, 2)) < 2e-6);
  t.equal(largest(made.select(0, 2)), 0);
});

t.test('pads in front change no bit', { skip }, async (t) => {
  const query = torch.randn([1, 6, 1, 32]);
  const [key, value] = [0, 1].map(() => torch.randn([1, 2, 30, 32]));
  const alone = attended(query, key, value);
  for (const pads of [1, 5, 8]) {
    const [padded, values] = [key, value].map((x) => torch.cat([torch.randn([1, 2, pads, 32]), x], 2));
    const mask = torch.cat([torch.zeros([1, 1, 1, pads]), torch.ones([1, 1, 1, 30])], 3).to('bool');
    t.ok(torch.equal(attended(query, padded, values, mask), alone), `${pads} pads`);
  }
});

t.test('scores far apart and not a number come through as they should', { skip }, async (t) => {
  const [query, key] = [torch.ones([1, 1, 1, 8]), torch.zeros([1, 1, 3, 8])];
  const value = torch.tensor([1, 2, 4]).to('float32').view([1, 1, 3, 1]).expand([1, 1, 3, 8]).contiguous();
  key.select(2, 1).fill_(100);
  t.same(attended(query, key, value).flatten().toArray(), Array(8).fill(2));
  key.select(2, 0).fill_(-1e30);
  t.same(attended(query, key, value).flatten().toArray(), Array(8).fill(2));
  key.select(2, 2).fill_(NaN);
  t.ok(attended(query, key, value).isnan().all().item());
});

t.test('anything else is left to others', async (t) => {
  const [query, key] = [torch.zeros([2, 4, 1, 16]), torch.zeros([2, 2, 5, 16])];
  const refused = (name: string, ...args: Parameters<typeof cachedAttention>): void => {
    t.equal(cachedAttention(...args), null, name);
  };
  refused('two queries', torch.zeros([2, 4, 2, 16]), key, key);
  refused('float64', query.to('float64'), key, key);
  refused('fewer dimensions', query.squeeze(2), key, key);
  refused('heads that cannot share', torch.zeros([2, 3, 1, 16]), key, key);
  refused('another head size', torch.zeros([2, 4, 1, 8]), key, key);
  refused(
    'a head size that is no multiple of 8',
    torch.zeros([2, 4, 1, 12]),
    key.narrow(3, 0, 12),
    key.narrow(3, 0, 12),
  );
  refused('values of another shape', query, key, torch.zeros([2, 2, 6, 16]));
  refused('a mask of another shape', query, key, key, torch.ones([2, 1, 1, 4], { dtype: 'bool' }));
  refused('a mask of numbers', query, key, key, torch.ones([2, 1, 1, 5]));
  refused('numbers apart', query, torch.zeros([2, 2, 16, 5]).transpose(2, 3), key);
  refused('a gradient', torch.zeros([2, 4, 1, 16], { requiresGrad: true }), key, key);
});
