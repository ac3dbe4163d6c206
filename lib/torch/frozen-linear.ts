import { native } from './load-native';
import { Tensor } from './tensor';

/**
 * `linear` without a bias for a weight that is not trained, but for rounding and faster: the gradient flows to the input
 * alone. A row's result does not depend on how many other rows there are.
 *
 * @param input float32 [..., in] of 64 rows or more and at most 8,192 inputs, on the processor
 * @param weight [out, in], of which rows or columns lie in one piece
 * @returns [..., out]; null when something is of another kind than said above, or the processor lacks AVX2
 */
export function frozenLinear(input: Tensor, weight: Tensor): Tensor | null {
  const handle = native.frozenLinear(input.handle, weight.handle);
  return handle === null ? null : new Tensor(handle);
}
