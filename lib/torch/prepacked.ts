import { isGradEnabled } from './autograd';
import { native } from './load-native';
import { Tensor } from './tensor';

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

  /** @param weight [out, in] */
  constructor(weight: Tensor) {
    this.#panels = new Tensor(native.prepackLinear(weight.handle)).keep();
    this.#outFeatures = weight.size(0);
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
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
