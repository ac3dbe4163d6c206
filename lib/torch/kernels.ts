import { isGradEnabled } from './autograd';
import { native } from './load-native';
import { Tensor } from './tensor';

// Kernels of native/kernels that stand in for a few operators, each with the plain way beside it where it is called:
// `kernel ?? operators`. Those of small networks are in perceptron.ts and actor-critic.ts.

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

/**
 * A copy of a linear weight in panels of 16 outputs, which lie in the order in which a product reads them: for decoding,
 * where few rows meet large weights. float32 on the processor only, without gradients. Freed by `dispose`.
 */
export class PackedWeight {
  readonly #panels: Tensor;
  readonly #outFeatures: number;
  /** The weight's memory, and how often it had been changed. */
  readonly #source: Tensor;
  readonly #version: number | null;

  /** @param weight [out, in] */
  constructor(weight: Tensor) {
    this.#panels = new Tensor(native.prepackLinear(weight.handle)).keep();
    this.#outFeatures = weight.size(0);
    this.#source = new Tensor(native.duplicate(weight.handle)).keep();
    this.#version = native.version(weight.handle);
  }

  /** Whether it is still what `weight` holds: false after a change in place, or with other memory in the weight. */
  isOf(weight: Tensor): boolean {
    if (this.#version === null || native.version(weight.handle) !== this.#version) return false;
    return native.isSame(weight.handle, this.#source.handle);
  }

  /** input [..., in] times the weight transposed: [..., out]. @throws when a gradient would have to flow */
  linear(input: Tensor): Tensor {
    if (input.requiresGrad && isGradEnabled()) {
      throw new Error('PackedWeight: no gradient can flow through a packed weight');
    }
    return new Tensor(native.linearPrepacked(input.handle, this.#panels.handle, this.#outFeatures));
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
