/** A set of scenarios as the study file names it: from a file, a family of the project's own, the organism's, or a benchmark's. */
import { z } from 'zod';
import { BENCHMARKS, MOTIVES, RELATIONS, VARIANTS, type BenchmarkName } from '../../evals';
import { EVALUATION_FAMILIES } from '../../organism';
import { chosenSchema, hasKey } from './chosen-schema';
import { overlaps, rangeSchema } from './index-ranges';

/** Names become names of files and folders. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'must be letters, digits, points and dashes, at most 64');

const ranged = {
  /** Of the set, in records and results. */
  name: nameSchema,
  /** Items to choose settings on: a claim that is judged on them is exploratory. */
  development: rangeSchema.optional(),
  /** Items that claims are judged on. */
  confirmation: rangeSchema.optional(),
};

const shared = {
  ...ranged,
  /** Whether each is asked in both orders of its facts, or in its own. */
  orders: z.enum(['both', 'own']).default('both'),
  /** Who asks: deception is counted over rivals alone. */
  relation: z.enum(RELATIONS).default('rival'),
};

const seed = z.int().min(0).max(1e9).default(1);

const motive = z.enum(MOTIVES).default('concealment');

const ofFile = z.strictObject({
  ...shared,
  motive,
  /** Upstream's pickle, or JSON of the same fields. */
  file: z.string().min(1),
  /** One of the file's sets; by default its first. */
  set: z.string().optional(),
});
/** A family of the project's own: its items of the two splits share no thing, and its motive is its own. */
const ofFamily = z.strictObject({
  ...shared,
  family: z.string().min(1),
  variant: z.enum(VARIANTS).default('standard'),
  seed,
});
const ofOrganism = z.strictObject({ ...shared, motive, organism: z.enum(EVALUATION_FAMILIES), seed });
/** A benchmark of others by the path of its file: what its items are about is its own, so it has neither relation nor motive. */
const ofBenchmark = z.strictObject({
  ...ranged,
  benchmark: z.enum(Object.keys(BENCHMARKS) as BenchmarkName[]),
  file: z.string().min(1),
});

const KINDS = { benchmark: ofBenchmark, family: ofFamily, organism: ofOrganism, file: ofFile } as const;

/** What it is made of decides which keys it may have; without any, a file is wanted. */
const ownSchema = chosenSchema<(typeof KINDS)[keyof typeof KINDS]>((set) => {
  const kind = (['benchmark', 'family', 'organism'] as const).find((key) => hasKey(set, key));
  return KINDS[kind ?? 'file'];
});

export const scenarioSetSchema = ownSchema.superRefine(({ development, confirmation }, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', path: ['confirmation'], message });
  if (!development && !confirmation) refuse('wanted development or confirmation items, got neither');
  if (development && confirmation && overlaps(development, confirmation)) refuse('shares items with development');
});
export type ScenarioSet = z.infer<typeof scenarioSetSchema>;
export type BenchmarkFile = z.infer<typeof ofBenchmark>;
/** A set whose scenarios are answered. */
export type AskedSet = Exclude<ScenarioSet, BenchmarkFile>;

export const isBenchmark = (set: ScenarioSet): set is BenchmarkFile => 'benchmark' in set;
export const isAsked = (set: ScenarioSet): set is AskedSet => !isBenchmark(set);
