import t from 'tap';
import { plainRmsNorm, torch, type Tensor } from '../../lib/torch';

torch.setNumThreads(1);
torch.manualSeed(0);

/** Zhang and Sennrich's formula in float64. */
function expected(input: Tensor, weight: Tensor, eps: number): Tensor {
  const x = input.to('float64');
  return x.div(x.square().mean([-1], true).add(eps).sqrt()).mul(weight.to('float64'));
}

t.test('as the formula in float64, whatever the size and the layout', async (t) => {
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const shape of [[1], [3, 5], [2, 3, 16], [4, 33], [2, 768], [0, 8]]) {
      const [input, weight] = [torch.randn(shape).mul(5), torch.randn(shape.slice(-1))];
      const made = plainRmsNorm(input, weight, 1e-3);
      t.same(made?.shape, shape);
      if (input.numel() > 0) {
        const far = Number(
          made
            ?.to('float64')
            .sub(expected(input, weight, 1e-3))
            .abs()
            .max()
            .item(),
        );
        t.ok(far < 1e-6, `[${shape.join(', ')}] on ${threads} threads: ${far}`);
      }
    }
  }
  torch.setNumThreads(1);
  const [input, weight] = [torch.randn([6, 4]).t(), torch.randn([12]).view([6, 2]).select(1, 1)];
  t.ok(torch.allclose(plainRmsNorm(input, weight, 0)!.to('float64'), expected(input, weight, 0), 1e-5));
});

t.test('a row of zeros needs its eps, and what is no number stays so', async (t) => {
  const weight = torch.ones([4]);
  t.same(plainRmsNorm(torch.zeros([1, 4]), weight, 1e-5)?.toArray(), [[0, 0, 0, 0]]);
  const rows = torch.tensor([[NaN, 1, 1, 1], [1, 1, 1, 1]]).to('float32'); // prettier-ignore
  const made = plainRmsNorm(rows, weight, 0)!;
  t.ok(made.select(0, 0).isnan().all().item());
  t.same(made.select(0, 1).toArray(), [1, 1, 1, 1]);
});

t.test('anything else is left to others', async (t) => {
  const [input, weight] = [torch.ones([2, 4]), torch.ones([4])];
  t.equal(plainRmsNorm(input.to('float64'), weight, 0), null);
  t.equal(plainRmsNorm(input, weight.to('float64'), 0), null);
  t.equal(plainRmsNorm(input, torch.ones([3]), 0), null);
  t.equal(plainRmsNorm(input, torch.ones([1, 4]), 0), null);
  t.equal(plainRmsNorm(torch.tensor(1).to('float32'), weight, 0), null);
});
