import { isGradEnabled } from './autograd';
import { native } from './load-native';
import { Tensor } from './tensor';

/** Whether this libtorch has oneDNN's linear layers, without which nothing can be packed. */
export function canPack(): boolean {
  return native.canPrepack();
}

/**
 * A copy of a linear weight in oneDNN's own layout, which spares every product the reordering of its operand: for
 * decoding, where few rows meet large weights. float32 on the processor only, without gradients. Freed by `dispose`.
 */
export class PackedWeight {
  readonly #packed: Tensor;

  /**
   * @param weight [out, in]
   * @param options.rows rows (batch times positions) of the inputs to come; others work too, more slowly
   */
  constructor(weight: Tensor, { rows }: { rows: number }) {
    this.#packed = new Tensor(native.prepackLinear(weight.handle, rows)).keep();
  }

  /** input [..., in] times the weight transposed: [..., out]. @throws when a gradient would have to flow */
  linear(input: Tensor): Tensor {
    if (input.requiresGrad && isGradEnabled()) {
      throw new Error('PackedWeight: no gradient can flow through a packed weight');
    }
    return new Tensor(native.linearPrepacked(input.handle, this.#packed.handle));
  }

  dispose(): void {
    this.#packed.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
