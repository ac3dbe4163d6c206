/** How far apart a policy is on the two sides: smaller is more overlap. */
import type { Layers, Policy } from '../maddpg';
import { torch, type Tensor } from '../../torch';

/** What is compared: the hidden activations of both layers, or the actions. */
export const OVERLAPS = ['latent', 'action'] as const;
export type Overlap = (typeof OVERLAPS)[number];

/** Keeps the logarithm of no difference at all finite. */
const FLOOR = 1e-25;

/**
 * Mean squared difference per row, with its gradient: of both hidden layers side by side (128 numbers), or of the
 * actions. The policy should be in eval mode.
 * @param self `[rows, observationSize]`
 * @param other `[rows, observationSize]`
 * @returns `[rows]`
 */
export function distances(policy: Policy, self: Tensor, other: Tensor, what: Overlap): Tensor {
  return layerDistances(policy.layers(self), policy.layers(other), what);
}

/** The same from what the policy computes on each side. */
export function layerDistances(self: Layers, other: Layers, what: Overlap): Tensor {
  return compared(self, what).sub(compared(other, what)).square().mean(-1);
}

function compared({ h1, h2, output }: Layers, what: Overlap): Tensor {
  return what === 'latent' ? torch.cat([h1, h2], -1) : output;
}

/** Upstream's value of a mean squared difference: its logarithm. */
export function logDistance(distance: Tensor): Tensor {
  return distance.add(FLOOR).log();
}
