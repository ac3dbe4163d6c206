import { native } from './load-native';
import { Tensor } from './tensor';

/**
 * x / sqrt(mean(x²) + eps) * weight over the last dimension in one pass, without a graph: `rmsNorm` but for rounding.
 *
 * @param input float32 [..., size] on the processor, and so is the result
 * @param weight float32 [size]
 * @returns null when something is of another kind than said above
 */
export function plainRmsNorm(input: Tensor, weight: Tensor, eps: number): Tensor | null {
  const handle = native.rmsNorm(input.handle, weight.handle, eps);
  return handle === null ? null : new Tensor(handle);
}
