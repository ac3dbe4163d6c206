import t from 'tap';
import { torch, type Device, type Tensor } from '../../lib/torch';
import { derivativeOf, gradientError, TOLERANCE } from './finite-differences';
import { cases, Drawing, type GradientCase } from './gradients';

function drawn({ inputs }: GradientCase, device: Device) {
  const random = new Drawing(device);
  return inputs.map((input) => (typeof input === 'function' ? input(random) : random.normal(input)));
}

for (const device of torch.devices()) {
  t.test(`gradients on ${device} are the slopes that finite differences measure`, async (t) => {
    for (const each of cases) {
      torch.scope(() => {
        const error = gradientError(each.f, drawn(each, device));
        t.ok(error < TOLERANCE, `${each.name}: off by ${error}`);
      });
    }
  });

  t.test(`second derivatives on ${device} are the slopes of the first`, async (t) => {
    for (const each of cases.filter(({ once }) => !once)) {
      torch.scope(() => {
        const error = gradientError(derivativeOf(each.f), drawn(each, device));
        t.ok(error < 10 * TOLERANCE, `${each.name}: off by ${error}`);
      });
    }
  });
}

t.test('a wrong gradient is noticed', async (t) => {
  const wrong = torch.customFunction({
    forward: (context, x: Tensor) => (context.saveForBackward(x), x.square()),
    backward: ({ savedTensors: [x] }, grad) => grad.mul(x).mul(2.001),
  });
  t.ok(gradientError(wrong, [torch.tensor([1, 2], { dtype: 'float64', requiresGrad: true })]) > 1e-4);
});
