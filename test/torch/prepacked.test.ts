import { join } from 'node:path';
import t from 'tap';
import { openSafetensors, saveSafetensors } from '../../lib/checkpoints';
import { PackedWeight, torch, type Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';

torch.setNumThreads(1);
torch.manualSeed(0);
const largest = (x: Tensor): number => Number(x.abs().max().item());
const skip = torch.canPack() ? false : 'this processor lacks AVX2 or FMA';

t.test('a packed weight multiplies as the plain one does', { skip }, async (t) => {
  const weight = torch.randn([24, 16]);
  using packed = new PackedWeight(weight);
  for (const shape of [[12, 16], [3, 4, 16], [1, 16], [16], [0, 16]]) {
    const input = torch.randn(shape);
    const [x, y] = [packed.linear(input), torch.linear(input, weight)];
    t.same(x.shape, y.shape, `[${shape.join(', ')}]`);
    if (x.numel() > 0) t.ok(largest(x.sub(y)) < 1e-5);
  }
});

t.test('whatever the number of rows, inputs and outputs, and on more threads', { skip }, async (t) => {
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const [rows, inputs, outputs] of [
      [1, 1, 1],
      [2, 7, 15],
      [5, 33, 16],
      [6, 64, 17],
      [7, 5, 31],
      [13, 96, 100],
      [25, 48, 64],
      [64, 3, 40],
      [77, 40, 9],
      [300, 2048, 24],
      [2, 300_000, 5],
    ]) {
      const [weight, input] = [torch.randn([outputs, inputs]), torch.randn([rows, inputs])];
      using packed = new PackedWeight(weight);
      const far = largest(packed.linear(input).sub(torch.linear(input, weight))) / Math.sqrt(inputs);
      // Sums of one order round more the longer they are.
      t.ok(
        far < 1e-5 * (1 + inputs / 1e5),
        `[${rows}, ${inputs}] to [${rows}, ${outputs}] on ${threads} threads: ${far}`,
      );
    }
  }
  torch.setNumThreads(1);
});

t.test('a row has the same bits in any company', { skip }, async (t) => {
  using packed = new PackedWeight(torch.randn([40, 96]));
  const input = torch.randn([61, 96]);
  const all = packed.linear(input);
  for (const rows of [1, 2, 6, 7, 13, 24, 25, 49, 60]) {
    t.ok(torch.equal(packed.linear(input.narrow(0, 0, rows)), all.narrow(0, 0, rows)), `${rows} rows`);
  }
});

t.test('strided inputs and weights are read as they are', { skip }, async (t) => {
  const [weight, input] = [torch.randn([20, 12]).t(), torch.randn([20, 9]).t()];
  using packed = new PackedWeight(weight);
  t.ok(largest(packed.linear(input).sub(torch.linear(input, weight))) < 1e-5);
});

t.test('what does not fit is refused in one line', { skip }, async (t) => {
  const weight = torch.randn([4, 3]);
  const packed = new PackedWeight(weight);
  t.throws(() => packed.linear(torch.zeros([2, 5])), /expected a float32 input \[\.\.\., 3\], got float32 \[2, 5\]/);
  t.throws(() => packed.linear(torch.zeros([2, 3], { dtype: 'float64' })), /expected a float32 input/);
  const trained = torch.zeros([2, 3], { requiresGrad: true });
  t.throws(() => packed.linear(trained), /no gradient can flow through a packed weight/);
  t.same(torch.noGrad(() => packed.linear(trained)).shape, [2, 4]);
  t.throws(() => new PackedWeight(torch.zeros([3])), /expected a float32 or bfloat16 weight \[out, in\]/);
  packed.dispose();
  t.throws(() => packed.linear(torch.zeros([2, 3])), /disposed/);
  const [empty, none] = [torch.zeros([1, 0, 16]), torch.zeros([2, 0])];
  t.throws(
    () => native.linearPrepacked(none.handle, empty.handle, 16, false),
    /expected a packed weight/,
    'without inputs',
  );
});

t.test('packing copies: the weight may change, and packed weights are freed', { skip }, async (t) => {
  const weight = torch.ones([4, 3]);
  const before = torch.memory().tensors;
  torch.scope(() => {
    const packed = new PackedWeight(weight);
    weight.zero_();
    t.equal(
      Number(
        packed
          .linear(torch.ones([1, 3]))
          .sum()
          .item(),
      ),
      12,
    );
    packed.dispose();
  });
  t.equal(torch.memory().tensors, before);
});

t.test("a checkpoint's weight gives its memory back, but for what was written into it", { skip }, async (t) => {
  const file = join(t.testdir(), 'weight.safetensors');
  const [rows, columns, megabytes] = [4096, 4096, 64];
  saveSafetensors(file, new Map([['weight', torch.ones([rows, columns])]]));
  const mapped = openSafetensors(file);
  const weight = mapped.tensor('weight');
  mapped.dispose();
  weight.narrow(0, 2000, 10).fill_(3);
  t.equal(weight.sum().item(), (rows + 20) * columns);
  const resident = (): number => process.memoryUsage.rss() / 2 ** 20;
  const before = resident();
  new PackedWeight(weight).dispose();
  t.ok(resident() < before - 0.8 * megabytes, `${before} MB before, ${resident()} after`);
  t.equal(weight.sum().item(), (rows + 20) * columns);
});
