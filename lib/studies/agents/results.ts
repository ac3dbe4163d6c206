/** What `results.json` of the reinforcement learning commands holds. Tables and charts are made from this alone. */
import { basename } from 'node:path';
import { z } from 'zod';
import { checkShape, readJsonFile, writeTextAside } from '../../checkpoints';
// Straight from their files: the folder's index loads the addon.
import { ARMS, BETWEEN } from '../../rl/evaluation/comparison';
import { headerSchema, secondsSince } from '../results-header';
import { claimSchema } from '../claim';

export const RL_FORMAT = 'soo-torch rl 1';

/** Numbers that there was nothing to measure for are null. */
const amount = z.number().nullable();
const interval = z.tuple([z.number(), z.number()]).nullable();
const measureSchema = z.object({ mean: amount, ci95: interval, std: amount, bySeed: z.array(amount) });
export type StoredMeasure = z.infer<typeof measureSchema>;

const behaviour = {
  trapRate: measureSchema,
  deceptiveMoveRate: measureSchema,
  goalSteps: measureSchema,
  returns: z.record(z.string(), measureSchema),
};
const armSchema = z.object({
  ...behaviour,
  overlap: measureSchema,
  overlapMatchedFlags: measureSchema,
  actionOverlap: measureSchema,
  actionOverlapMatchedFlags: measureSchema,
});
const meetingSchema = z.object({ red: z.string(), blue: z.string(), ...behaviour });

const surfaceSchema = z.object({ mean: z.array(amount).length(10_000), std: z.array(amount).length(10_000) });
const differenceSchema = z.object({ mean: amount, std: amount, bySeed: z.array(amount) });
const differencesSchema = z.object({
  tunedHonest: differenceSchema,
  tunedDeceptive: differenceSchema,
  honestDeceptive: differenceSchema,
});

const ofArms = <Schema extends z.ZodType>(schema: Schema) => z.record(z.enum(ARMS), schema);
const ofBetween = <Schema extends z.ZodType>(schema: Schema) => z.record(z.enum(BETWEEN), schema);

const comparisonSchema = z.object({
  arms: ofArms(armSchema),
  counts: ofBetween(
    z.object({
      surfaces: z.object({ deceptive: surfaceSchema, between: surfaceSchema, honest: surfaceSchema }),
      differences: differencesSchema,
    }),
  ),
  rates: z.object({ surfaces: ofArms(surfaceSchema), differences: ofBetween(differencesSchema) }),
  crossPlay: z.array(meetingSchema),
});

const byCount = z.record(z.string(), z.number());
const classificationSchema = z.object({
  seeds: z.array(z.number()),
  accuracy: z.record(z.string(), byCount),
  ci95: z.record(z.string(), z.record(z.string(), z.tuple([z.number(), z.number()]))),
  /** By form of overlap, by seed, by number of episodes. */
  means: z.object({
    deceptive: z.record(z.string(), z.array(z.array(amount))),
    honest: z.record(z.string(), z.array(z.array(amount))),
  }),
});

const curveSchema = z.object({
  arm: z.enum(ARMS),
  agent: z.string(),
  points: z.array(z.object({ episodes: z.number(), mean: z.number(), ci95: interval })),
});

export const rlResultsSchema = headerSchema.extend({
  format: z.literal(RL_FORMAT),
  // Older files have neither.
  reason: headerSchema.shape.reason.default(null),
  seconds: headerSchema.shape.seconds.nullable().default(null),
  /** Of a reproduction: the paper's claims, and accuracies with trainings as their units. */
  claims: z.array(claimSchema).optional(),
  accuracyOverTrainings: z
    .object({ overlap: measureSchema, overlapMatchedFlags: measureSchema, episodes: z.number() })
    .optional(),
  classification: classificationSchema.optional(),
  comparison: comparisonSchema.optional(),
  learning: z.array(curveSchema).optional(),
});
export type RlResults = z.infer<typeof rlResultsSchema>;

/** Six digits of the surfaces are kept: a file of them is a megabyte or two. */
const stored = (_: string, value: unknown): unknown =>
  value instanceof Float64Array ? Array.from(value, (cell) => Number(cell.toPrecision(6))) : value;

/** Writes results as the commands have them, under the header, and hands back what was stored. */
export function writeRlResults(path: string, results: object): RlResults {
  const text = JSON.stringify({ format: RL_FORMAT, status: 'done', ...results }, stored);
  const parsed = rlResultsSchema.parse(JSON.parse(text));
  const kept = { ...parsed, seconds: parsed.seconds ?? secondsSince(parsed.origin) };
  writeTextAside(path, `${JSON.stringify(kept)}\n`);
  return kept;
}

/** @throws InputError when the file is missing, damaged or of another kind */
export function readRlResults(path: string): RlResults {
  return checkShape(rlResultsSchema, readJsonFile(path), basename(path));
}
