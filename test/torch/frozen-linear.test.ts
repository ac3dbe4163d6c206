import t from 'tap';
import { frozenLinear, PackedWeight, torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);
torch.manualSeed(0);
const skip = torch.canPack() ? false : 'this processor lacks AVX2 or FMA';
const far = (a: Tensor, b: Tensor): number => Number(a.to('float64').sub(b.to('float64')).abs().max().item());

t.test('the product and its gradient are those of linear, whatever the sizes', { skip }, async (t) => {
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const [rows, inputs, outputs] of [
      [64, 1, 1],
      [64, 7, 17],
      [77, 40, 9],
      [150, 96, 200],
      [600, 2048, 24],
      [70, 24, 2048],
    ]) {
      const [weight, input] = [torch.randn([outputs, inputs]), torch.randn([rows, inputs]).requiresGrad_(true)];
      const ours = frozenLinear(input, weight);
      const wanted = torch.linear(input.to('float64'), weight.to('float64'));
      const slope = torch.randn([rows, outputs]);
      const [gradient] = torch.grad([ours!], [input], { gradOutputs: [slope] });
      const bound = 1e-6 * inputs + 1e-5;
      t.ok(
        far(ours!, wanted) < bound,
        `[${rows}, ${inputs}] to ${outputs} on ${threads} threads: ${far(ours!, wanted)}`,
      );
      const off = far(gradient!, slope.to('float64').matmul(weight.to('float64')));
      t.ok(off < 1e-6 * outputs + 1e-5, `and its gradient: ${off}`);
    }
  }
  torch.setNumThreads(1);
});

t.test('weights of which columns lie in one piece, and inputs of any layout and shape', { skip }, async (t) => {
  const weight = torch.randn([30, 20]);
  const input = torch.randn([20, 5, 20]).transpose(0, 1);
  const wanted = torch.linear(input, weight.clone());
  t.same(frozenLinear(input, weight)?.shape, [5, 20, 30]);
  t.ok(far(frozenLinear(input, weight)!, wanted) < 1e-5);
  t.ok(far(frozenLinear(input, weight.t().contiguous().t())!, wanted) < 1e-5);
  t.ok(
    far(
      frozenLinear(
        input,
        torch
          .randn([30, 40])
          .copy_(weight.repeat([1, 2]))
          .narrow(1, 20, 20),
      )!,
      wanted,
    ) < 1e-5,
  );
});

t.test('a row has the same bits in any company', { skip }, async (t) => {
  const [weight, input] = [torch.randn([40, 96]), torch.randn([200, 96])];
  const all = frozenLinear(input, weight)!;
  for (const rows of [64, 65, 100, 199]) {
    t.ok(torch.equal(frozenLinear(input.narrow(0, 0, rows), weight)!, all.narrow(0, 0, rows)), `${rows} rows`);
  }
});

t.test('a gradient of the gradient, and a weight changed in between', { skip }, async (t) => {
  const weight = torch.randn([5, 4]);
  const input = torch.randn([80, 4]).requiresGrad_(true);
  const squares = frozenLinear(input, weight)!.square().sum();
  const [first] = torch.grad([squares], [input], { createGraph: true });
  const [second] = torch.grad([first!.square().sum()], [input]);
  const product = weight.t().matmul(weight).mul(2);
  t.ok(far(second!, input.matmul(product).matmul(product).mul(2)) < 1e-3);
  const late = frozenLinear(input, weight)!.sum();
  weight.add_(1);
  t.throws(() => late.backward(), /modified by an inplace operation/);
});

t.test('anything else is left to others', async (t) => {
  const [input, weight] = [torch.ones([64, 4]), torch.ones([3, 4])];
  t.equal(frozenLinear(input.narrow(0, 0, 63), weight), null, 'few rows');
  t.equal(frozenLinear(input.to('float64'), weight), null, 'float64');
  t.equal(frozenLinear(input, torch.ones([3, 4], { requiresGrad: true })), null, 'a weight that is trained');
  t.equal(frozenLinear(input, torch.ones([3, 5])), null, 'a weight that does not fit');
  t.equal(frozenLinear(input, torch.ones([4])), null, 'a vector');
  t.equal(frozenLinear(torch.ones([64, 9000]), torch.ones([3, 9000])), null, 'many inputs');
  t.equal(frozenLinear(input, torch.ones([6, 8]).asStrided([3, 4], [16, 2])), null, 'a weight with gaps');
});

t.test('long products are as near to the right ones as libtorch is', { skip }, async (t) => {
  // 1.3 times libtorch's errors with its MKL, against float64, of normal numbers: root mean square, and the largest of a
  // row, meant over rows (the largest of all varies by half from seed to seed).
  torch.manualSeed(0);
  for (const [inputs, most, largest] of [
    [4096, 2.2e-5, 5.9e-5],
    [8192, 3.2e-5, 8.6e-5],
  ] as const) {
    const [weight, input] = [torch.randn([64, inputs]), torch.randn([64, inputs])];
    using packed = new PackedWeight(weight);
    const right = torch.linear(input.to('float64'), weight.to('float64'));
    const results = {
      libtorch: torch.linear(input, weight),
      frozen: frozenLinear(input, weight)!,
      packed: packed.linear(input),
    };
    for (const [name, result] of Object.entries(results)) {
      const off = result.to('float64').sub(right);
      const [rms, worst] = [off.square().mean().sqrt(), off.abs().amax([1]).mean()].map((x) => Number(x.item()));
      t.comment(`${name}, ${inputs} inputs: ${rms} and ${worst}`);
      t.ok(name === 'libtorch' || (rms <= most && worst <= largest), `${name}: ${rms} and ${worst}`);
    }
  }
});
