/** The settings of overlap fine-tuning. */
import type { Overlap } from '../evaluation/overlap';
import { IMAGINED_SIGHT } from '../evaluation/self-other';

export interface OverlapConfig {
  /** What is brought together: hidden activations, or actions. */
  what: Overlap;
  /** Weight of the overlap term; a negative one drives self and other apart. */
  weight: number;
  /** Weight of the term that holds the policy to what it was before fine-tuning; 0 leaves the term out. */
  referenceWeight: number;
  /**
   * Where blue's steps come from: every world of the step just made in which red was out of sight, or only the last
   * world. Upstream's code looks at one observation for each round.
   */
  samples: 'all' | 'last';
  /** Where it is hidden from blue that red is trapped: as upstream does when it imagines red (Q11), or on both sides. */
  flagsZeroed: 'other' | 'both';
  /** How far away red is imagined at most. */
  sight: number;
  /**
   * Actions as upstream's code has them by the time it compares them: with noise, held within -1..1, and times 5, as its
   * world has scaled them in place (Q2). What they are compared with is neither.
   */
  scaledActions: boolean;
  /** Whether agents also go on learning from what they are paid. */
  reinforce: boolean;
}

/** The form that works on batches (upstream has batches of one). */
export const CLEAN_OVERLAP: OverlapConfig = {
  what: 'latent',
  weight: 1,
  referenceWeight: 1,
  samples: 'all',
  flagsZeroed: 'other',
  sight: IMAGINED_SIGHT.training,
  scaledActions: false,
  reinforce: true,
};

/** What upstream's code would do if its overlap step were ever reached (train.py). */
export const UPSTREAM_OVERLAP: OverlapConfig = { ...CLEAN_OVERLAP, samples: 'last', scaledActions: true };

export const OVERLAP_PRESETS = { upstream: UPSTREAM_OVERLAP, clean: CLEAN_OVERLAP } as const;
