import t from 'tap';
import { promptAttention, torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);
torch.manualSeed(0);
const skip = torch.canPack() ? false : 'this processor lacks AVX2 or FMA';
const largest = (x: Tensor): number => Number(x.abs().max().item());

/** libtorch's, in float64; zeros where a query may look at nothing. */
function expected(query: Tensor, key: Tensor, value: Tensor, mask: Tensor): Tensor {
  const [q, k, v] = [query, key, value].map((x) => x.to('float64')) as [Tensor, Tensor, Tensor];
  const made = torch.scaledDotProductAttention(q, k, v, mask, 0, false, { enableGqa: true });
  return torch.where(mask.any(-1, true), made, 0);
}

/** True where a query may look at what is not after it, and is no pad of its row. */
function causalMask(queries: number, positions: number, pads: readonly number[]): Tensor {
  const causal = torch.ones([queries, positions], { dtype: 'bool' }).tril(positions - queries);
  const mask = causal.expand([pads.length, 1, queries, positions]).clone();
  pads.forEach((count, row) => void mask.select(0, row).narrow(-1, 0, count).zero_());
  return mask;
}

const SHAPES = [
  [1, 1, 1, 2, 2, 8],
  [2, 4, 4, 7, 7, 64],
  [3, 9, 3, 40, 61, 64],
  [2, 8, 2, 129, 129, 80],
  [2, 14, 2, 33, 35, 64],
  [1, 6, 1, 200, 600, 24],
] as const;

for (const [dtype, bound] of [
  ['float32', 5e-6],
  ['bfloat16', 2 ** -6],
] as const) {
  t.test(
    `as scaledDotProductAttention in ${dtype}, for prompts of any size, with pads and without`,
    { skip },
    async (t) => {
      for (const threads of [1, 3]) {
        torch.setNumThreads(threads);
        for (const [rows, heads, kvHeads, queries, positions, headDim] of SHAPES) {
          const query = torch.randn([rows, queries, heads, headDim]).to(dtype).transpose(1, 2);
          const [key, value] = [0, 1].map(() =>
            torch
              .randn([rows, kvHeads, positions + 3, headDim])
              .to(dtype)
              .narrow(2, 0, positions),
          ) as [Tensor, Tensor];
          const where = `${heads} heads on ${kvHeads}, ${queries} of ${positions} positions of ${headDim}`;
          const pads = Array.from({ length: rows }, (_, row) => row * (positions >> 1));
          for (const mask of [causalMask(queries, positions, pads), causalMask(queries, positions, [0])]) {
            const made = promptAttention(query, key, value, mask);
            t.equal(made?.dtype, dtype);
            const far = largest(made!.to('float64').sub(expected(query, key, value, mask)));
            t.ok(far < bound, `${where}: ${far}`);
          }
          const causal = promptAttention(query, key, value);
          t.ok(torch.equal(causal!, promptAttention(query, key, value, causalMask(queries, positions, [0]))!), where);
        }
      }
      torch.setNumThreads(1);
    },
  );
}

t.test('queries may look anywhere that a mask says', { skip }, async (t) => {
  const query = torch.randn([2, 4, 30, 16]);
  const [key, value] = [0, 1].map(() => torch.randn([2, 2, 50, 16])) as [Tensor, Tensor];
  const mask = torch.rand([2, 1, 30, 50]).gt(0.9);
  mask.select(2, 5).zero_();
  t.ok(
    largest(
      promptAttention(query, key, value, mask)!
        .to('float64')
        .sub(expected(query, key, value, mask)),
    ) < 5e-6,
  );
  const hidden = promptAttention(
    query,
    key,
    value.maskedFill(mask.any(2).any(0).view([1, 1, 50, 1]).logicalNot(), 1e30),
    mask,
  )!;
  t.ok(hidden.isfinite().all().item(), 'nothing comes of what nobody looks at');
});

t.test('anything else is left to others', async (t) => {
  const query = torch.ones([1, 2, 4, 8]);
  const key = torch.ones([1, 1, 6, 8]);
  t.equal(promptAttention(query, key.to('bfloat16'), key), null, 'mixed');
  t.equal(promptAttention(query.to('float64'), key.to('float64'), key.to('float64')), null, 'float64');
  t.equal(promptAttention(query.requiresGrad_(true), key, key), null, 'with a gradient');
  t.equal(
    promptAttention(torch.ones([1, 2, 4, 6]), torch.ones([1, 1, 6, 6]), torch.ones([1, 1, 6, 6])),
    null,
    '6 numbers',
  );
  t.equal(promptAttention(torch.ones([1, 2, 7, 8]), key, key), null, 'more queries than positions');
  t.equal(
    promptAttention(torch.ones([1, 2, 4, 8]), key, key, torch.ones([1, 1, 4, 5], { dtype: 'bool' })),
    null,
    'mask',
  );
});
