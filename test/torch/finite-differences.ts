import { torch, type Tensor } from '../../lib/torch';

// Derivatives by finite differences, in float64: the slope that an operator really has, against the one it reports.

export type Differentiable = (...inputs: Tensor[]) => Tensor;

const STEP = 1e-6;
/** Central differences of step 1e-6 in float64 are good for about nine digits; the rest is the function's curvature. */
const TOLERANCE = 1e-6;

/** A scalar that depends on every element of the output, each with its own weight. */
function weighted(output: Tensor): Tensor {
  const real = output.dtype.startsWith('complex') ? output.viewAsReal() : output;
  const weights = torch.arange(real.numel(), { dtype: 'float64', device: real.device }).mul(0.7).cos().add(0.2);
  return real.mul(weights.reshape(real.shape)).sum();
}

/** The scalar's slope along every element of `inputs[which]`, measured. */
function measuredSlopes(f: Differentiable, inputs: readonly Tensor[], which: number): Float64Array {
  const start = inputs[which].detach().contiguous();
  const values = start.cpu().toTypedArray() as Float64Array;
  const at = (i: number, step: number): number =>
    torch.scope(() => {
      const moved = values.slice();
      moved[i] = moved[i] + step;
      const input = torch.tensor(moved, { shape: start.shape, device: start.device, requiresGrad: true });
      return weighted(f(...inputs.map((each, j) => (j === which ? input : each)))).item();
    });
  return values.map((_, i) => (at(i, STEP) - at(i, -STEP)) / (2 * STEP));
}

/** The largest distance of the reported slopes from the measured ones, relative to slopes above 1. */
export function gradientError(f: Differentiable, inputs: readonly Tensor[]): number {
  const moving = inputs.filter((input) => input.requiresGrad);
  const scalar = weighted(f(...inputs));
  // A first derivative that is constant has no graph.
  const grads = scalar.requiresGrad ? torch.grad(scalar, moving, { allowUnused: true }) : [];
  const errors = moving.map((input, k) => {
    const reported = (grads[k] ?? torch.zerosLike(input)).cpu().toTypedArray() as Float64Array;
    const measured = measuredSlopes(f, inputs, inputs.indexOf(input));
    return measured.reduce((most, slope, i) => {
      const error = Math.abs(slope - reported[i]) / Math.max(1, Math.abs(slope));
      return Number.isNaN(error) ? Infinity : Math.max(most, error);
    }, 0);
  });
  return Math.max(...errors);
}

/** The first derivatives of `f` as a function of its inputs, for second derivatives. */
export function derivativeOf(f: Differentiable): Differentiable {
  return (...inputs) => {
    const moving = inputs.filter((input) => input.requiresGrad);
    const output = weighted(f(...inputs));
    const grads = torch.grad(output, moving, { createGraph: true, allowUnused: true });
    const parts = grads.map((grad, k) => (grad ?? torch.zerosLike(moving[k])).reshape([-1]));
    return torch.cat(parts);
  };
}

export { TOLERANCE };
