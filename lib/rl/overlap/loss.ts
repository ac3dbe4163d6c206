/** What overlap fine-tuning minimises (arXiv 2412.16325; upstream's train.py has it in commented lines). */
import type { Tensor } from '../../torch';
import { layerDistances, logDistance } from '../evaluation/overlap';
import type { Policy } from '../maddpg';
import type { OverlapConfig } from './config';

/** What upstream's world multiplies actions by in place. */
const UPSTREAM_ACTION_SCALE = 5;

/** Rows of blue's steps, red out of sight. */
export interface OverlapBatch {
  /** What blue saw, `[rows, observationSize]`. */
  seen: Tensor;
  /** The two sides that are brought together, `[rows, observationSize]`: the same, and with red imagined nearby. */
  self: Tensor;
  other: Tensor;
  /** What blue did, noise included, `[rows, actionSize]`. */
  taken: Tensor;
  /** What it would have done before fine-tuning, without noise, `[rows, actionSize]`. */
  reference: Tensor;
}

export interface OverlapLoss {
  /** The weighted sum of the other two. */
  loss: Tensor;
  /** log of the mean squared difference between self and other. */
  overlap: Tensor;
  /** log of the mean squared difference between the reference's actions and the policy's. */
  reference: Tensor;
}

/**
 * The logarithm is taken of the mean over the rows. A mean of logarithms would be led by the rows that are already
 * alike, as its gradient goes with 1 / mse of each.
 * @param policy in eval mode
 */
export function overlapLoss(policy: Policy, batch: OverlapBatch, config: OverlapConfig): OverlapLoss {
  const self = policy.layers(batch.self);
  const other = policy.layers(batch.other);
  const output = batch.seen === batch.self ? self.output : policy.layers(batch.seen).output;
  const acted = config.scaledActions ? asTaken(output, batch.taken) : output;
  const apart = layerDistances(config.scaledActions ? { ...self, output: acted } : self, other, config.what);
  const overlap = logDistance(apart.mean());
  const reference = logDistance(acted.sub(batch.reference).square().mean());
  const loss = overlap.mul(config.weight);
  return {
    loss: config.referenceWeight === 0 ? loss : loss.add(reference, { alpha: config.referenceWeight }),
    overlap,
    reference,
  };
}

/** The actions that were taken, times 5, with the policy's gradient where noise did not take them to a bound. */
function asTaken(output: Tensor, taken: Tensor): Tensor {
  const within = taken.abs().lt(1).to(taken.dtype);
  return output.sub(output.detach()).mul(within).add(taken).mul(UPSTREAM_ACTION_SCALE);
}
