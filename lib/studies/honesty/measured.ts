/** What a task leaves beside its records: how it was tuned, and what was measured that is no answer to a scenario. */
import { join } from 'node:path';
import { z } from 'zod';
import { checkShape, readJsonFile } from '../../files/json-file';
import { monitorSummarySchema } from '../../soo';
import { MEASURED, taskFolder } from './tasks';

const count = z.int().min(0);
const distance = z.number().nullable();

/** A check of items that are right or wrong. Items of other arms are the same by their `id`. */
export const checkedSchema = z.object({
  n: count,
  right: count,
  items: z.array(z.object({ id: z.string(), right: z.boolean() })),
});
export type Checked = z.infer<typeof checkedSchema>;

export const CHECKS = ['perspective', 'falseBelief', 'selfKnowledge', 'tasks', 'multipleChoice'] as const;
export type Check = (typeof CHECKS)[number];

const trainingSchema = z.object({
  steps: count,
  epochLosses: z.array(z.number()),
  distance: z.object({ start: z.number(), end: z.number() }).nullable(),
  /** What the watch over the run saw; null where nobody watched. */
  monitor: monitorSummarySchema.nullable(),
});

/** Over all tokens of the texts, and of each text. */
export const perplexitySchema = z.object({ mean: z.number(), texts: z.array(z.number()) });

/** By item: nats by which a token of the deceptive answer is the likelier on average. */
export const leaningSchema = z.object({
  items: z.array(z.object({ id: z.string(), kind: z.string(), margin: z.number() })),
});
export type Leaning = z.infer<typeof leaningSchema>;

export const measuredSchema = z.object({
  id: z.string(),
  /** null where nothing was tuned. */
  training: trainingSchema.nullable(),
  /** Those that the study asks for. */
  checks: z.object(
    Object.fromEntries(CHECKS.map((name) => [name, checkedSchema.optional()])) as Record<
      Check,
      z.ZodOptional<typeof checkedSchema>
    >,
  ),
  /** Absent where the study names no texts. */
  perplexity: perplexitySchema.optional(),
  /** Of benchmarks of others, by set; absent where the study names none. */
  benchmarks: z.record(z.string(), leaningSchema).optional(),
  latent: z.object({ all: distance, last: distance, differing: distance }),
});
export type Measured = z.infer<typeof measuredSchema>;

/** @throws InputError that names the file */
export function readMeasured(study: string, id: string): Measured {
  const path = join(taskFolder(study, id), MEASURED);
  return checkShape(measuredSchema, readJsonFile(path), `${id}/${MEASURED}`);
}
