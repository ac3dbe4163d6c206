import { isHalf, type Tensor } from '../torch';
import { Linear, wideLinear } from '../nn';

/**
 * The layer that makes logits, in float32 where its weights are of half precision: logits decide labels, and those of a
 * large vocabulary are often nearer to each other than bfloat16 can tell apart.
 */
export class OutputHead extends Linear {
  constructor(hiddenSize: number, vocabSize: number) {
    super(hiddenSize, vocabSize, { bias: false });
  }

  /** @param input [..., hidden] to [..., vocab] */
  override forward(input: Tensor): Tensor {
    if (!isHalf(this.weight.dtype) || input.dtype !== this.weight.dtype) return super.forward(input);
    const packed = input.requiresGrad ? undefined : this.packed;
    return packed ? packed.linear(input, true) : wideLinear(input, this.weight);
  }
}
