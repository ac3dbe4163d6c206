/** Kernels of bfloat16 against the same numbers in float64: what they round is their result, once. */
import t from 'tap';
import { cachedAttention, frozenWideLinear, PackedWeight, plainRmsNorm, torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);
torch.manualSeed(0);
const skip = torch.canPack() ? false : 'this processor lacks AVX2 or FMA';
const far = (a: Tensor, b: Tensor): number => Number(a.to('float64').sub(b.to('float64')).abs().max().item());
const half = (shape: number[]): Tensor => torch.randn(shape).to('bfloat16');
/** Of the results' size: half a step of bfloat16, and of float32 sums. */
const ROUNDED = 2 ** -8;
const WIDE = 1e-6;

t.test('products, rounded once or not at all, whatever the sizes', { skip }, async (t) => {
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const [rows, inputs, outputs] of [
      [1, 2, 1],
      [5, 34, 16],
      [13, 96, 100],
      [14, 64, 33],
      [25, 576, 192],
      [64, 6, 40],
      [300, 2048, 24],
      [2, 30_000, 5],
    ]) {
      const [weight, input] = [half([outputs, inputs]), half([rows, inputs])];
      const right = torch.linear(input.to('float64'), weight.to('float64'));
      const size = 3 * Math.sqrt(inputs);
      using packed = new PackedWeight(weight);
      const where = `[${rows}, ${inputs}] to ${outputs} on ${threads} threads`;
      const [rounded, wide] = [packed.linear(input), packed.linear(input, true)];
      t.same([rounded.dtype, wide.dtype], ['bfloat16', 'float32']);
      t.ok(far(wide, right) < WIDE * size * 4, `${where}: ${far(wide, right)}`);
      t.ok(torch.equal(rounded, wide.to('bfloat16')), `${where}: rounded once`);
      t.ok(torch.equal(frozenWideLinear(input, weight)!, wide), `${where}: the same without packing`);
    }
  }
  torch.setNumThreads(1);
});

t.test('a row has the same bits in any company', { skip }, async (t) => {
  using packed = new PackedWeight(half([40, 96]));
  const input = half([61, 96]);
  const all = packed.linear(input);
  for (const rows of [1, 2, 6, 7, 13, 14, 15, 25, 49, 60])
    t.ok(torch.equal(packed.linear(input.narrow(0, 0, rows)), all.narrow(0, 0, rows)), `${rows} rows`);
});

t.test('what is no number stays so, and halves go to the even neighbour', { skip }, async (t) => {
  const weight = torch.zeros([16, 2], { dtype: 'bfloat16' });
  weight.select(1, 0).fill_(1);
  using packed = new PackedWeight(weight);
  for (const [x, wanted] of [
    [NaN, NaN],
    [Infinity, Infinity],
    [-1.5, -1.5],
  ]) {
    const row = torch.tensor([[x, 0]]).to('bfloat16');
    t.same(new Set(packed.linear(row).flatten().toArray() as number[]), new Set([wanted]));
  }
  // Halves go to the even neighbour: 1 + 1/256 lies between 1 and 1 + 1/128, 1 + 3/256 between that and 1 + 1/64.
  const halves = torch
    .tensor([
      [1, 1],
      [3, 1],
    ])
    .to('bfloat16');
  using sums = new PackedWeight(torch.tensor([[2 ** -8, 1]]).to('bfloat16'));
  t.same(sums.linear(halves).flatten().toArray(), [1, 1 + 2 ** -6]);
});

t.test('attention over a cache', { skip }, async (t) => {
  for (const [rows, heads, kvHeads, positions, headDim] of [
    [1, 1, 1, 1, 8],
    [3, 9, 3, 33, 64],
    [2, 8, 2, 129, 80],
    [2, 14, 2, 50, 64],
  ]) {
    const query = half([rows, heads, 1, headDim]);
    const [key, value] = [0, 1].map(() => half([rows, kvHeads, positions + 2, headDim]).narrow(2, 0, positions));
    const mask = torch.ones([rows, 1, 1, positions], { dtype: 'bool' });
    mask
      .select(0, 0)
      .narrow(2, 0, positions >> 1)
      .zero_();
    const [q, k, v] = [query, key, value].map((x) => x.to('float64')) as [Tensor, Tensor, Tensor];
    const right = torch.scaledDotProductAttention(q, k, v, mask, 0, false, { enableGqa: true });
    const made = cachedAttention(query, key, value, mask)!;
    t.equal(made.dtype, 'bfloat16');
    t.ok(far(made, right) < ROUNDED * 2, `${heads} heads on ${kvHeads}, ${positions} positions: ${far(made, right)}`);
  }
  t.equal(cachedAttention(torch.ones([1, 1, 1, 8]), half([1, 1, 4, 8]), half([1, 1, 4, 8])), null, 'mixed');
});

t.test('a norm', { skip }, async (t) => {
  for (const shape of [
    [1, 16],
    [3, 64],
    [2, 5, 576],
  ]) {
    const [input, weight] = [half(shape), half(shape.slice(-1))];
    const x = input.to('float64');
    const right = x.div(x.square().mean([-1], true).add(1e-3).sqrt()).mul(weight.to('float64'));
    const made = plainRmsNorm(input, weight, 1e-3)!;
    t.ok(torch.equal(made, right.to('float32').to('bfloat16')) || far(made, right) < ROUNDED * 8, `[${shape.join()}]`);
    const error = made.to('float64').sub(right).abs().div(right.abs().clampMin(1e-6)).max();
    t.ok(Number(error.item()) < ROUNDED, `[${shape.join()}] to ${Number(error.item())}`);
  }
  t.equal(plainRmsNorm(half([2, 24]), half([24]), 0), null, 'half a panel');
  t.equal(plainRmsNorm(half([2, 16]), torch.ones([16]), 0), null, 'mixed');
});
