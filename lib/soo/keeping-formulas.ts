/**
 * Losses that forbid the constant, as plain formulas: what a module computes for several prompts, [prompts, width,
 * features], aligned at their ends, with a mask [prompts, width] of the positions that count (undefined: all). In float32 whatever the
 * weights are in. Each is about 1 for a module that has become a constant.
 */
import { inFloat32, torch, type Tensor } from '../torch';

export type Mask = Tensor | undefined;

/** Of the base's variance, what is added under a root: at a constant its slope would be infinite. */
const TINY = 1e-6;

/** For what nothing could be told apart in before: nothing can be lost. */
const LEAST = 1e-30;

const weights = (x: Tensor, mask: Mask): Tensor =>
  (mask ?? torch.ones(x.shape.slice(0, 2), { device: x.device })).to(x.dtype).unsqueeze(-1);

/** Variance over prompts, [width, features], and the columns that two prompts or more have, [width, 1]. */
function variance(x: Tensor, mask: Mask): { each: Tensor; counts: Tensor } {
  const weight = weights(x, mask);
  const count = weight.sum([0]);
  const mean = x.mul(weight).sum([0]).div(count.clampMin(1));
  const each = x.sub(mean).square().mul(weight).sum([0]).div(count.clampMin(1));
  return { each, counts: count.ge(2).to(x.dtype) };
}

/**
 * Variance-preserving: how far the deviation over prompts of each feature has gone from the base's, squared, as a share
 * of the base's variance. 0 where nothing changed, 1 at a constant. A scalar; 0 for a single prompt.
 */
export function lostVariance(now: Tensor, base: Tensor, mask?: Mask): Tensor {
  const [a, b] = [variance(inFloat32(now), mask), variance(inFloat32(base), mask)];
  const total = b.each.mul(b.counts).sum().clampMin(LEAST);
  const share = total.div(b.counts.sum().clampMin(1).mul(now.size(-1))).mul(TINY);
  const deviation = ({ each }: typeof a): Tensor => each.add(share).sqrt();
  return deviation(a).sub(deviation(b)).square().mul(b.counts).sum().div(total);
}

/**
 * The name-control term: how far the difference between two names has gone from what it was in the base, squared, as a
 * share of what it was. 0 where nothing changed, 1 at a constant. A scalar.
 */
export function lostDifference(
  now: readonly [one: Tensor, another: Tensor],
  base: readonly [one: Tensor, another: Tensor],
  mask?: Mask,
): Tensor {
  const difference = ([one, another]: typeof now): Tensor => inFloat32(one).sub(inFloat32(another));
  const [a, b] = [difference(now), difference(base)];
  const sum = (x: Tensor): Tensor => x.square().mul(weights(x, mask)).sum();
  return sum(a.sub(b)).div(sum(b).clampMin(LEAST));
}

/** Mean squared difference of each prompt of one side to each of the other, [prompts, prompts], where both count. */
function distances(one: Tensor, another: Tensor, masks: readonly [Mask, Mask]): Tensor {
  const [a, b] = [weights(one, masks[0]).squeeze(-1), weights(another, masks[1]).squeeze(-1)];
  const both = a.unsqueeze(1).mul(b.unsqueeze(0));
  const squares = one.unsqueeze(1).sub(another.unsqueeze(0)).square().mean([-1]);
  return squares
    .mul(both)
    .sum([-1])
    .div(both.sum([-1]).clampMin(1));
}

/**
 * Contrastive: cross-entropy of finding each prompt's other half among all of the batch by how near it is, in both
 * directions, as a share of guessing. Near 0 where every self side is nearest to its own other side and far from the rest,
 * 1 at a constant. Distances are measured in the mean distance between the base's other sides.
 * @returns a scalar; 0 for a single pair
 */
export function contrast(
  { self, other }: { self: Tensor; other: Tensor },
  base: Tensor,
  masks: readonly [self: Mask, other: Mask] = [undefined, undefined],
): Tensor {
  const count = self.size(0);
  const plain = inFloat32(base);
  if (count < 2) return inFloat32(self).sum().mul(0);
  const between = distances(plain, plain, [masks[1], masks[1]]);
  const unit = between
    .sum()
    .div(count * (count - 1))
    .clampMin(LEAST);
  const nearness = distances(inFloat32(self), inFloat32(other), masks).div(unit).neg();
  const own = (rows: Tensor): Tensor => rows.logSoftmax(-1).diagonal().mean().neg();
  return own(nearness)
    .add(own(nearness.transpose(0, 1)))
    .div(2 * Math.log(count));
}
