/**
 * How far apart two sides are: the two losses as plain formulas, without a model. In float32 whatever the weights are in:
 * in bfloat16 the difference of two near distributions is rounding.
 */
import { inFloat32, torch, type Tensor } from '../torch';
import type { Compared } from './positions';

/** libtorch's code for "no reduction". */
const NONE = 0;

/**
 * Mean squared difference over the features of the positions that count (the paper's loss, arXiv 2412.16325).
 * Without a mask it is `mse_loss`. A scalar.
 */
export function meanSquare({ self, other, mask }: Compared): Tensor {
  const [a, b] = [inFloat32(self), inFloat32(other)];
  if (!mask) return torch.mseLoss(a, b);
  const squares = a.sub(b).square().mul(mask.unsqueeze(-1));
  // Where nothing counts the sum is 0, and so is the mean.
  return squares.sum().div(mask.sum().clampMin(1).mul(self.size(-1)));
}

/**
 * `kl_div(log_softmax(self), softmax(other), 'batchmean')` (upstream's code): KL(other || self) of the next-token
 * distributions, summed over the positions that count and divided by the batch size alone. A scalar.
 */
export function batchMeanKl({ self, other, mask }: Compared): Tensor {
  const each = torch.klDiv(logProbabilities(self), logProbabilities(other), NONE, { logTarget: true });
  const counted = mask ? each.mul(mask.unsqueeze(-1)) : each;
  return counted.sum().div(self.size(0));
}

/**
 * KL(base || tuned) of next-token distributions, nats per position, over the real positions of documents. A scalar.
 * @param mask [batch, seq], 0 for pads; undefined when there are none
 */
export function meanKl(base: Tensor, tuned: Tensor, mask?: Tensor): Tensor {
  const each = torch.klDiv(logProbabilities(tuned), logProbabilities(base), NONE, { logTarget: true }).sum([-1]);
  return mask ? each.mul(mask).sum().div(mask.sum()) : each.mean();
}

function logProbabilities(logits: Tensor): Tensor {
  return inFloat32(logits).logSoftmax(-1);
}
