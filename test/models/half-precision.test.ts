import t from 'tap';
import { join } from 'node:path';
import { choiceMargin } from '../../lib/evals/forced-choice';
import { Linear, wideLinear } from '../../lib/nn';
import { PackedLinears } from '../../lib/nn/packed-linears';
import { loadModel } from '../../lib/models';
import { torch, type Tensor } from '../../lib/torch';

// Logits decide labels: in half precision they are sums of exact products in float32, whatever computes them. The
// reference is the product of the same hidden states and head in float64.

torch.setNumThreads(1);
const FOLDER = join(__dirname, '..', 'parity', 'models', 'tiny');
const ids = torch.tensor([[1, 5, 9, 30, 2, 7, 7, 11]], { dtype: 'int64' });

const exact = (input: Tensor, weight: Tensor): Tensor => torch.linear(input.to('float64'), weight.to('float64'));
const far = (a: Tensor, b: Tensor): number => Number(a.to('float64').sub(b).abs().max().item());

for (const dtype of ['bfloat16', 'float16'] as const) {
  t.test(`logits of a model in ${dtype}`, async (t) => {
    const model = loadModel(FOLDER, { dtype });
    const head = model.lmHead as unknown as Linear;
    torch.noGrad(() => {
      const right = exact(model.hiddenStates(ids), head.weight);
      const size = Number(right.abs().max().item());
      const logits = model.call(ids);
      t.equal(logits.dtype, 'float32');
      t.ok(far(logits, right) < 1e-6 * size, `${far(logits, right)} of ${size}`);
      t.ok(far(right.to(dtype), right) > 1e-5 * size, 'rounding them would show');
      const margin = choiceMargin(model, { ids: (ids.toArray() as bigint[][])[0].map(Number), cheap: 3, precious: 4 });
      const [cheap, precious] = [3, 4].map((id) => Number(right.select(1, 7).select(1, id).item()));
      t.ok(Math.abs(margin - (cheap - precious)) < 1e-6 * size, `margin ${margin}`);
    });
    if (!torch.canPack() || dtype === 'float16') return;
    using packed = new PackedLinears(model);
    packed.run(() =>
      torch.noGrad(() => {
        const hidden = model.hiddenStates(ids);
        const logits = model.lmHead.call(hidden) as Tensor;
        t.equal(logits.dtype, 'float32', 'packed');
        t.ok(far(logits, exact(hidden, head.weight)) < 1e-5);
      }),
    );
  });
}

t.test('wide products and their gradients, of frozen weights and trained ones', async (t) => {
  for (const trained of [false, true]) {
    const input = torch.randn([9, 48]).to('bfloat16').requiresGrad_(true);
    const weight = torch.randn([70, 48]).to('bfloat16').requiresGrad_(trained);
    const made = wideLinear(input, weight);
    t.equal(made.dtype, 'float32');
    t.ok(far(made.detach(), exact(input.detach(), weight.detach())) < 1e-4);
    const slope = torch.randn([9, 70]).to('bfloat16').to('float32');
    const wanted = trained ? [input, weight] : [input];
    const [toInput, toWeight] = torch.grad([made], wanted, { gradOutputs: [slope] }) as [Tensor, Tensor?];
    const right = slope.to('float64').matmul(weight.detach().to('float64'));
    t.ok(far(toInput, right) < 2 ** -7 * Number(right.abs().max().item()), `${far(toInput, right)}`);
    if (!toWeight) continue;
    const rightOfWeight = slope.to('float64').t().matmul(input.detach().to('float64'));
    t.ok(far(toWeight, rightOfWeight) < 2 ** -7 * Number(rightOfWeight.abs().max().item()));
  }
  const [plain, weight] = [torch.randn([3, 8]), torch.randn([5, 8])];
  t.ok(torch.equal(wideLinear(plain, weight), torch.linear(plain, weight)), 'float32 as it is');
});
