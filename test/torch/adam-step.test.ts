import t from 'tap';
import { clippedAdamStep, torch, type AdamStep } from '../../lib/torch';

const step = (more: Partial<AdamStep> = {}): AdamStep => ({
  parameters: torch.zeros([3]),
  gradient: torch.tensor([3, 0, 4], { dtype: 'float32' }),
  expAvg: torch.zeros([3]),
  expAvgSq: torch.zeros([3]),
  ...{ step: 1, lr: 0.5, betas: [0.9, 0.999], eps: 0, maxNorm: 1, ...more },
});

t.test('the first step is as long as the step size says, against the gradient', async (t) => {
  const { parameters, gradient, ...rest } = step({ eps: 1e-8 });
  t.equal(clippedAdamStep({ parameters, gradient, ...rest }), 5);
  t.same(
    (parameters.toArray() as number[]).map((value) => +value.toFixed(6)),
    [-0.5, 0, -0.5],
  );
  t.ok(Math.abs(Number(gradient.square().sum().item()) - 1) < 1e-5, 'the gradient is scaled to the bound');
});

t.test('tensors of another kind are left alone, and sizes have to fit', async (t) => {
  for (const other of [
    torch.zeros([3, 1]),
    torch.zeros([3], { dtype: 'float64' }),
    torch.zeros([6]).slice(0, 0, 6, 2),
  ]) {
    for (const name of ['parameters', 'gradient', 'expAvg', 'expAvgSq'] as const) {
      const asked = step({ [name]: other });
      t.equal(clippedAdamStep(asked), null, name);
      t.same(asked.parameters.flatten().toArray(), [0, 0, 0], 'nothing was done');
    }
  }
  t.throws(() => clippedAdamStep(step({ expAvgSq: torch.zeros([2]) })), /expected 3 numbers, got float32 \[2\]/);
});
