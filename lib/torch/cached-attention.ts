import { native } from './load-native';
import { Tensor } from './tensor';

/**
 * Attention of one query a head over the keys and values of a cache, without a graph, as each step of decoding has it:
 * `scaledDotProductAttention` but for rounding. Keys that may not be looked at in front of all others, as pads are,
 * change no bit of the result, so that a sequence's result does not depend on its neighbours' lengths.
 *
 * @param query float32 [rows, heads, 1, headDim]; headDim is a multiple of 8
 * @param key [rows, kvHeads, positions, headDim], and so is `value`; heads is a multiple of kvHeads
 * @param mask bool [rows, 1, 1, positions], true where a query may look; a row without any gets zeros
 * @returns [rows, heads, 1, headDim]; null when something is of another kind than said above, a gradient is wanted, or
 * the processor lacks AVX2
 */
export function cachedAttention(query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor | null {
  const handle = native.cachedAttention(query.handle, key.handle, value.handle, mask?.handle ?? null);
  return handle === null ? null : new Tensor(handle);
}
