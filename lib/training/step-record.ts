/** One batch as it was taken: a line of `steps.jsonl`. */
import { z } from 'zod';

const norms = z.record(z.string(), z.number());

export const stepRecordSchema = z.object({
  /** The optimiser's step that the batch's gradient goes into, from 1. */
  step: z.int().min(1),
  /** From 1, over the whole run. */
  microBatch: z.int().min(1),
  loss: z.number(),
  /** The loss's parts by name, unweighted; empty when it has none. */
  parts: norms,
  /**
   * By parameter name: norms of the gradients gathered so far for this step, before clipping and without a loss scale;
   * those that overflowed under one are left out.
   */
  gradNorms: norms,
  lr: z.number(),
  /** What the loss was multiplied by, in float16. */
  lossScale: z.number().optional(),
  /** Its gradients overflowed, and the optimiser did not move. */
  skipped: z.boolean().optional(),
  /** Of the batch, pads not counted; 0 where nobody counts them. */
  tokens: z.number(),
  ms: z.number(),
  /** In how many pieces the batch was computed, where memory did not suffice for it as a whole or it was asked for. */
  pieces: z.int().min(2).optional(),
});

export type StepRecord = z.infer<typeof stepRecordSchema>;

/** Joint norm of the gradients gathered for a step. */
export const gradNormOf = ({ gradNorms }: Pick<StepRecord, 'gradNorms'>): number =>
  Math.hypot(...Object.values(gradNorms));
