import { init, RMSNorm, type AnyModule } from '../nn';
import { initialise } from '../nn/parameter';
import { inFloat32, isHalf, plainRmsNorm, torch, type Tensor } from '../torch';
import type { DecoderConfig } from './decoder-config';

/** x / rms(x) * (1 + weight), computed in float32, as Gemma has it: weights start at 0. */
export class OffsetRMSNorm extends RMSNorm {
  override resetParameters(): void {
    const { weight } = this;
    if (weight) initialise(() => init.zeros_(weight));
  }

  override forward(input: Tensor): Tensor {
    const wide = inFloat32(input);
    const gain = inFloat32(this.weight as Tensor).add(1);
    const plain = torch.isGradEnabled() ? null : plainRmsNorm(wide, gain, this.eps as number);
    const normalised = plain ?? torch.rmsNorm(wide, this.normalizedShape, gain, this.eps);
    return isHalf(input.dtype) ? normalised.to(input.dtype) : normalised;
  }
}

/** The kind of norm that a decoder has everywhere. @param size of the last dimension */
export function makeNorm({ normAddsOne, rmsNormEps }: DecoderConfig, size: number): RMSNorm {
  return normAddsOne ? new OffsetRMSNorm(size, rmsNormEps) : new RMSNorm(size, rmsNormEps);
}

/** A block's input or output, normalised where there is a norm. */
export const normalised = (norm: AnyModule | null, x: Tensor): Tensor => (norm ? (norm.call(x) as Tensor) : x);
