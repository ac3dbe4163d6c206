import t from 'tap';
import { PackedWeight, torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);
torch.manualSeed(0);
const largest = (x: Tensor): number => Number(x.abs().max().item());
const skip = torch.canPack() ? false : 'this libtorch was built without oneDNN';

t.test('a packed weight multiplies as the plain one does', { skip }, async (t) => {
  const weight = torch.randn([24, 16]);
  using packed = new PackedWeight(weight, { rows: 12 });
  for (const shape of [[12, 16], [3, 4, 16], [1, 16], [16], [0, 16]]) {
    const input = torch.randn(shape);
    const [x, y] = [packed.linear(input), torch.linear(input, weight)];
    t.same(x.shape, y.shape, `[${shape.join(', ')}]`);
    if (x.numel() > 0) t.ok(largest(x.sub(y)) < 1e-5);
  }
});

t.test('what does not fit is refused in one line', { skip }, async (t) => {
  const weight = torch.randn([4, 3]);
  const packed = new PackedWeight(weight, { rows: 2 });
  t.throws(() => packed.linear(torch.zeros([2, 5])), /expected a float32 input \[\.\.\., 3\], got float32 \[2, 5\]/);
  t.throws(() => packed.linear(torch.zeros([2, 3], { dtype: 'float64' })), /expected a float32 input/);
  const trained = torch.zeros([2, 3], { requiresGrad: true });
  t.throws(() => packed.linear(trained), /no gradient can flow through a packed weight/);
  t.same(torch.noGrad(() => packed.linear(trained)).shape, [2, 4]);
  t.throws(() => new PackedWeight(torch.zeros([3]), { rows: 2 }), /expected a float32 weight \[out, in\]/);
  t.throws(() => new PackedWeight(weight, { rows: 0 }), /rows from 1/);
  packed.dispose();
  t.throws(() => packed.linear(torch.zeros([2, 3])), /disposed/);
});

t.test('packing copies: the weight may change, and packed weights are freed', { skip }, async (t) => {
  const weight = torch.ones([4, 3]);
  const before = torch.memory().tensors;
  torch.scope(() => {
    const packed = new PackedWeight(weight, { rows: 2 });
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
