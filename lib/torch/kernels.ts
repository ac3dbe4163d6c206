import { autocastDtype } from './autocast';
import { isGradEnabled } from './autograd';
import { native } from './load-native';
import { Tensor } from './tensor';

// Kernels of native/kernels that stand in for a few operators, each with the plain way beside it where it is called:
// `kernel ?? operators`. Those of small networks are in perceptron.ts and actor-critic.ts.

/** Under autocast operators choose the dtype, and kernels that keep what they are given stand back. */
const casts = (): boolean => autocastDtype('cpu') !== null;

/**
 * x / sqrt(mean(x²) + eps) * weight over the last dimension in one pass, without a graph: `rmsNorm` but for rounding.
 *
 * @param input float32 [..., size] on the processor, or bfloat16 with a multiple of 16 as its size, and so is the result
 * @param weight [size], of the same dtype
 * @returns null when something is of another kind than said above
 */
export function plainRmsNorm(input: Tensor, weight: Tensor, eps: number): Tensor | null {
  if (casts()) return null;
  const handle = native.rmsNorm(input.handle, weight.handle, eps);
  return handle === null ? null : new Tensor(handle);
}

/**
 * Attention of one query a head over the keys and values of a cache, without a graph, as each step of decoding has it:
 * `scaledDotProductAttention` but for rounding. Keys that may not be looked at in front of all others, as pads are,
 * change no bit of the result, so that a sequence's result does not depend on its neighbours' lengths.
 *
 * @param query float32 or bfloat16 [rows, heads, 1, headDim]; headDim is a multiple of 8. Computed in float32
 * @param key [rows, kvHeads, positions, headDim], and so is `value`; heads is a multiple of kvHeads
 * @param mask bool [rows, 1, 1, positions], true where a query may look; a row without any gets zeros
 * @returns [rows, heads, 1, headDim]; null when something is of another kind than said above, a gradient is wanted, or
 * the processor lacks AVX2
 */
export function cachedAttention(query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor | null {
  if (casts()) return null;
  const handle = native.cachedAttention(query.handle, key.handle, value.handle, mask?.handle ?? null);
  return handle === null ? null : new Tensor(handle);
}

/**
 * Attention of many queries a head over the keys and values of a cache, without a graph, as prompts have it:
 * `scaledDotProductAttention` but for rounding.
 *
 * @param query float32 or bfloat16 [rows, heads, queries, headDim]; headDim is a multiple of 8. Computed in float32
 * @param key [rows, kvHeads, positions, headDim], and so is `value`; heads is a multiple of kvHeads
 * @param mask bool [rows or 1, 1, queries, positions], true where a query may look; a query without any gets zeros. Left
 * out, a query looks at what is not after it, the last one standing at the last position
 * @returns [rows, heads, queries, headDim]; null when something is of another kind than said above, a gradient is wanted,
 * or the processor lacks AVX2
 */
export function promptAttention(query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor | null {
  if (casts()) return null;
  const handle = native.promptAttention(query.handle, key.handle, value.handle, mask?.handle ?? null);
  return handle === null ? null : new Tensor(handle);
}

/**
 * `linear` without a bias for a weight that is not trained, but for rounding and faster: the gradient flows to the input
 * alone. A row's result does not depend on how many other rows there are.
 *
 * @param input float32 [..., in] of 64 rows or more and at most 8,192 inputs, on the processor
 * @param weight [out, in], of which rows or columns lie in one piece
 * @returns [..., out]; null when something is of another kind than said above, or the processor lacks AVX2
 */
export function frozenLinear(input: Tensor, weight: Tensor): Tensor | null {
  if (casts()) return null;
  const handle = native.frozenLinear(input.handle, weight.handle);
  return handle === null ? null : new Tensor(handle);
}

/**
 * `linear` without a bias for a bfloat16 weight that is not trained, with its float32 sums as they are: the gradient flows
 * to the input alone. A row's result does not depend on how many other rows there are.
 *
 * @param input bfloat16 [..., in] on the processor
 * @param weight bfloat16 [out, in] of an even number of inputs, of which each row lies in one piece
 * @returns float32 [..., out]; null when something is of another kind than said above, or the processor lacks AVX2
 */
export function frozenWideLinear(input: Tensor, weight: Tensor): Tensor | null {
  const handle = native.wideLinear(input.handle, weight.handle);
  return handle === null ? null : new Tensor(handle);
}

/**
 * The numbers of blocks of one of ggml's types, as the Python package `gguf` dequantises them, to the bit.
 *
 * @param blocks uint8 [bytes] on the processor, whole blocks; any bytes will do
 * @param type the type's number in GGUF files
 * @returns float32 [numbers]
 */
export function dequantizeGgml(blocks: Tensor, type: number): Tensor {
  return new Tensor(native.dequantizeGgml(blocks.handle, type));
}

/** Whether this processor can multiply with packed weights: it wants AVX2 and FMA. */
export function canPack(): boolean {
  return native.canPrepack();
}

/** Tiles are of 16 rows; with few of them libtorch spends most of its time on laying them out. */
const ROWS_FOR_TILES = 64;

/**
 * A copy of a linear weight in panels of 16 outputs, which lie in the order in which a product reads them: for decoding,
 * where few rows meet large weights. float32 or bfloat16 on the processor only, without gradients. Sums of bfloat16
 * products are float32, and rounded once. Freed by `dispose`.
 */
export class PackedWeight {
  readonly #panels: Tensor;
  readonly #outFeatures: number;
  /** The weight's memory, and how often it had been changed. */
  readonly #source: Tensor;
  readonly #version: number | null;
  readonly #besideTiles: boolean;

  /** Whether a weight [out, in] can be packed: float32, or bfloat16 of an even number of inputs, on a processor that can. */
  static fits(weight: Tensor): boolean {
    const { dtype, shape } = weight;
    const numbers = dtype === 'float32' || (dtype === 'bfloat16' && shape[1] % 2 === 0);
    return numbers && weight.numel() > 0 && String(weight.device) === 'cpu' && canPack();
  }

  /** @param weight [out, in], of a kind that {@link fits} */
  constructor(weight: Tensor) {
    this.#panels = new Tensor(native.prepackLinear(weight.handle)).keep();
    this.#outFeatures = weight.size(0);
    this.#source = new Tensor(native.duplicate(weight.handle)).keep();
    this.#version = native.version(weight.handle);
    this.#besideTiles = weight.dtype === 'bfloat16' && native.multipliesTiles();
  }

  /**
   * Whether libtorch's product with the weight itself is faster for that input: of bfloat16 with many rows, on a
   * processor with tiles (AMX).
   */
  isSlowerFor(input: Tensor): boolean {
    return this.#besideTiles && input.numel() >= ROWS_FOR_TILES * input.size(-1);
  }

  /** Whether it is still what `weight` holds: false after a change in place, or with other memory in the weight. */
  isOf(weight: Tensor): boolean {
    if (this.#version === null || native.version(weight.handle) !== this.#version) return false;
    return native.isSame(weight.handle, this.#source.handle);
  }

  /**
   * input [..., in], in the weight's dtype, times the weight transposed: [..., out], in the same.
   * @param wide whether the result is float32 whatever the weight is
   * @throws when a gradient would have to flow
   */
  linear(input: Tensor, wide = false): Tensor {
    if (input.requiresGrad && isGradEnabled()) {
      throw new Error('PackedWeight: no gradient can flow through a packed weight');
    }
    return new Tensor(native.linearPrepacked(input.handle, this.#panels.handle, this.#outFeatures, wide));
  }

  dispose(): void {
    this.#panels.dispose();
    this.#source.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Tensors are float32 vectors of one length. */
export interface AdamStep {
  parameters: Tensor;
  /** Scaled down in place where its norm is above `maxNorm`. */
  gradient: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
  /** Counted from 1. */
  step: number;
  lr: number;
  betas: readonly [number, number];
  eps: number;
  maxNorm: number;
}

/**
 * Clips a gradient by its norm and takes a step of Adam, in one call. It pays where an optimiser has a few thousand
 * parameters, and calling operators takes longer than what they do.
 *
 * @returns the norm before clipping; null when a tensor is of another kind, and nothing was done
 */
export function clippedAdamStep(of: AdamStep): number | null {
  const { parameters, gradient, expAvg, expAvgSq, step, lr, betas, eps, maxNorm } = of;
  return native.clippedAdamStep(parameters.handle, gradient.handle, expAvg.handle, expAvgSq.handle, {
    step,
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    maxNorm,
  });
}
