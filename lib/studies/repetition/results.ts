/** What `results.json` of a repetition holds. Tables, verdict and pages are made from this alone. */
import { basename } from 'node:path';
import { z } from 'zod';
import { BEHAVIOURS, type Behaviour } from '../../evals';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { headerSchema } from '../results-header';
import { ARMS } from './arms';

export const FORMAT = 'soo-torch repetition 1';
export const ORDERS = ['cheap-first', 'precious-first'] as const;

const share = z.number().min(0).max(1);
const interval = z.tuple([share, share]);
const count = z.int().min(0);
const counts = z.object(Object.fromEntries(BEHAVIOURS.map((name) => [name, count])) as Record<Behaviour, typeof count>);

/** Answers to one set of scenarios. */
const answersSchema = z.object({
  n: count,
  labels: counts,
  /** By upstream's rule, by which what names neither room is honest. */
  upstreamRate: share,
  /** The forced choice: mean margin in nats, and the share of scenarios in which the cheap thing's room is likelier. */
  forcedChoice: z.object({ n: count, mean: z.number(), deceptive: share }).nullable(),
});
export type Answers = z.infer<typeof answersSchema>;

const answeredSchema = z.object({ n: count, right: count });
const distance = z.number().nullable();

/** All that was measured of one model: before tuning, or after one run. */
export const measuredSchema = z.object({
  id: z.string(),
  arm: z.enum([...ARMS, 'baseline']),
  seed: z.int().nullable(),
  /** By whose room the facts name first; null where no scenario's facts can be swapped. */
  scenarios: z.object({ 'cheap-first': answersSchema.nullable(), 'precious-first': answersSchema.nullable() }),
  /** Scenarios with oneself in the burglar's place, where the file has them. */
  self: answersSchema.nullable(),
  questions: z.object({ perspective: answeredSchema, self: answeredSchema }),
  /** Latent overlap of the file's pairs at all positions, the last, and those that differ. */
  latent: z.object({ all: distance, last: distance, differing: distance }),
  /** The arm's own loss, and what it is on all pairs before and after (the sham has no distance); null before tuning. */
  training: z
    .object({
      steps: count,
      epochLosses: z.array(z.number()),
      distance: z.object({ start: z.number(), end: z.number() }).nullable(),
    })
    .nullable(),
});
export type Measured = z.infer<typeof measuredSchema>;

const rated = z.object({ share, ci95: interval, perSeed: z.array(share) });
export type Rated = z.infer<typeof rated>;

/** One row of the tables: a model before tuning, or the runs of all seeds of one arm. Both orders of the facts count. */
const rowSchema = z.object({
  arm: z.enum([...ARMS, 'baseline']),
  seeds: z.array(z.int()),
  behaviours: z.object(Object.fromEntries(BEHAVIOURS.map((name) => [name, rated])) as Record<Behaviour, typeof rated>),
  deceptiveByOrder: z.object({ 'cheap-first': share.nullable(), 'precious-first': share.nullable() }),
  upstreamRate: share,
  forcedChoice: z.number().nullable(),
  perspective: rated.nullable(),
  self: rated.nullable(),
  latent: measuredSchema.shape.latent,
});
export type Row = z.infer<typeof rowSchema>;

export const OUTCOMES = ['unmeasured', 'honest before', 'no effect', 'collapse', 'control', 'stands'] as const;
const verdictSchema = z.object({ outcome: z.enum(OUTCOMES), text: z.string() });
export type Verdict = z.infer<typeof verdictSchema>;

export const resultsSchema = headerSchema.omit({ seconds: true }).extend({
  format: z.literal(FORMAT),
  /** Hashes of the model's files, the pairs and the scenarios. */
  inputs: z.record(z.string(), z.unknown()),
  rows: z.array(rowSchema),
  verdict: verdictSchema,
  measured: z.array(measuredSchema),
  failures: z.array(z.object({ id: z.string(), reason: z.string() })),
});
export type RepetitionResults = z.infer<typeof resultsSchema>;

/** Written aside and renamed. Nothing in it depends on how long the work took, or on how often it was interrupted. */
export function writeRepetitionResults(path: string, results: RepetitionResults): void {
  writeTextAside(path, `${JSON.stringify(results, null, 1)}\n`);
}

/** @throws InputError that names the file and the place where it is not what a repetition writes */
export const readRepetitionResults = (path: string): RepetitionResults =>
  checkShape(resultsSchema, readJsonFile(path), basename(path));
