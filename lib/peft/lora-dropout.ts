import { torch, type Tensor } from '../torch';
import { Dropout } from '../nn';

/** What 16 random bits can tell apart. */
const STEPS = 2 ** 16;
/** `random_` from here up, without an end, draws all 64 bits. */
const LOWEST = -(2n ** 63n);

/**
 * Dropout in front of A. On the CPU it cuts every random number into four: drawing one for each value, as `Dropout` does
 * to follow PyTorch bit by bit, takes longer than LoRA's products. p is therefore rounded to 1/65536, and so is what the
 * rest is scaled by: the mean stays exact.
 */
export class LoraDropout extends Dropout {
  override forward(input: Tensor): Tensor {
    const dropped = Math.round(this.p * STEPS);
    if (!this.training || dropped === 0 || dropped === STEPS || input.device.type !== 'cpu')
      return super.forward(input);
    const count = input.numel();
    const draws = torch.empty([Math.ceil(count / 4)], { dtype: 'int64' }).random_(LOWEST, null);
    const kept = draws
      .view('int16')
      .narrow(0, 0, count)
      .ge(dropped - STEPS / 2)
      .view(input.shape);
    return input.mul(kept.mul(STEPS / (STEPS - dropped)));
  }
}
