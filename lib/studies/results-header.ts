/** What every results file of a study begins with: enough to know what it is, whether it is whole, and how it was made. */
import { z } from 'zod';
import { originSchema, type Origin } from '../training/origin';

export const STATUSES = ['running', 'done', 'interrupted', 'failed'] as const;

/** Results files extend this, their `format` by a literal: a name and a version, as in `soo-torch demo 2`. */
export const headerSchema = z.object({
  format: z.string(),
  status: z.enum(STATUSES),
  /** Why it failed or was interrupted. */
  reason: z.string().nullable(),
  /** From the start of the command to the last number. */
  seconds: z.number(),
  origin: originSchema,
  /** Settings, and what they were applied to. */
  config: z.record(z.string(), z.unknown()),
});
export type ResultsHeader = z.infer<typeof headerSchema>;

/** How long a command has been at it. */
export const secondsSince = ({ startedAt }: Pick<Origin, 'startedAt'>): number =>
  (Date.now() - Date.parse(startedAt)) / 1000;
