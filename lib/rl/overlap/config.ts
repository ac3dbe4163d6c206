/** The settings of overlap fine-tuning: what each is and may be, and the two presets. */
import { z } from 'zod';
import { OVERLAPS } from '../evaluation/overlap';
import { IMAGINED_SIGHT } from '../evaluation/self-other';

export const overlapSchema = z.object({
  /** What is brought together: hidden activations, or actions. */
  what: z.enum(OVERLAPS),
  /** Weight of the overlap term; a negative one drives self and other apart. */
  weight: z.number(),
  /** Weight of the term that holds the policy to what it was before fine-tuning; 0 leaves the term out. */
  referenceWeight: z.number().min(0),
  /**
   * Where blue's steps come from: every world of the step just made in which red was out of sight, or only the last
   * world. Upstream's code looks at one observation for each round.
   */
  samples: z.enum(['all', 'last']),
  /** Where it is hidden from blue that red is trapped: as upstream does when it imagines red (Q11), or on both sides. */
  flagsZeroed: z.enum(['other', 'both']),
  /** How far away red is imagined at most. */
  sight: z.number().min(0),
  /**
   * Actions as upstream's code has them by the time it compares them: with noise, held within -1..1, and times 5, as its
   * world has scaled them in place (Q2). What they are compared with is neither.
   */
  scaledActions: z.boolean(),
  /** Whether agents also go on learning from what they are paid. */
  reinforce: z.boolean(),
});
export type OverlapConfig = z.infer<typeof overlapSchema>;

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
