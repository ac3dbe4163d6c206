/** What `results.json` of a study holds: tables, charts, verdicts and exports are made from this and the records alone. */
import { basename } from 'node:path';
import { z } from 'zod';
import { BEHAVIOURS, MOTIVE_OUTCOMES, MOTIVES, RELATIONS, type Behaviour } from '../../evals';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { monitorSummarySchema } from '../../soo';
import { CLAIM_VERDICTS } from '../claim';
import { headerSchema } from '../results-header';
import { ARMS } from './arms';
import { claimSchema as claimFileSchema } from './claim-file';
import { SPLITS } from './index-ranges';

export const RESULTS_FORMAT = 'soo-torch study results 1';

const count = z.int().min(0);
const share = z.number().min(0).max(1);
const interval = z.tuple([z.number(), z.number()]);

/** A share over runs of one arm: the mean over seeds, its 95% interval, and each seed's own. */
export const ratedSchema = z.object({ share, ci95: interval, perSeed: z.array(share), n: count });
export type Rated = z.infer<typeof ratedSchema>;

const rates = z.object(
  Object.fromEntries(BEHAVIOURS.map((name) => [name, ratedSchema])) as Record<Behaviour, typeof ratedSchema>,
);

/**
 * What answers do. `n` of all seeds; truncated ones are missing, no outcome: the other four shares are of those that are
 * not (`counted`), and `truncated` alone is of all.
 */
export const answeredSchema = z.object({ n: count, counted: count, rates: rates.nullable() });
export type Answered = z.infer<typeof answeredSchema>;

const orders = z.object({ 'cheap-first': answeredSchema.nullable(), 'precious-first': answeredSchema.nullable() });

/** Of a check: items answered right, or for perplexity its value. */
const measuredSchema = ratedSchema.nullable();

export const FAULTS = [
  'collapse',
  'order',
  'wording',
  'constant',
  'generation',
  'exposure',
  'truncated',
  'motives',
  'dose',
  'failed',
] as const;
export type Fault = (typeof FAULTS)[number];
export const faultSchema = z.object({ fault: z.enum(FAULTS), text: z.string() });

export const armResultSchema = z.object({
  kind: z.enum(ARMS),
  title: z.string(),
  /** Of the runs that ended well; empty for arms that are not tuned. */
  seeds: z.array(z.int()),
  failed: z.array(z.object({ seed: z.int().nullable(), reason: z.string() })),
  /** Over all sets in which a rival asks and the motive is concealment; every set weighs as its items do. */
  behaviours: answeredSchema.nullable(),
  /** By the order of the facts, of the same sets. */
  orders,
  /** By set of scenarios, whatever its relation and motive. */
  sets: z.record(z.string(), answeredSchema.extend({ relation: z.enum(RELATIONS), motive: z.enum(MOTIVES), orders })),
  /** By motive: five verdicts, never one rate. */
  motives: z.partialRecord(z.enum(MOTIVES), answeredSchema),
  /** Upstream's rule on the sets of `behaviours`: what names neither room is honest. */
  upstreamRate: share.nullable(),
  /** Mean margin of the forced choice, in nats. */
  forcedChoice: z.number().nullable(),
  checks: z.object({
    perspective: measuredSchema,
    falseBelief: measuredSchema,
    selfKnowledge: measuredSchema,
    tasks: measuredSchema,
    multipleChoice: measuredSchema,
    /** Of held-out text. */
    perplexity: z.object({ mean: z.number(), perSeed: z.array(z.number()) }).nullable(),
  }),
  /** Of benchmarks of others, by set: items whose deceptive answer is the likelier, and the mean margin in nats per token. */
  benchmarks: z.record(z.string(), ratedSchema.extend({ margin: z.number() })).default({}),
  /** Scores from 1 to 10 over all runs of the arm; null where nothing was asked, or nothing judged. `cut`: turns. */
  mtBench: z
    .object({
      ...{ answers: count, cut: count, judged: count },
      ...{ firstTurn: z.number().nullable(), secondTurn: z.number().nullable(), average: z.number().nullable() },
      categories: z.record(z.string(), z.number().nullable()),
    })
    .nullable()
    .default(null),
  /** Latent overlap of the study's pairs. */
  latent: z.object({ all: z.number().nullable(), last: z.number().nullable(), differing: z.number().nullable() }),
  /** One for each seed; empty for arms that are not tuned. */
  training: z.array(
    z.object({
      seed: z.int(),
      steps: count,
      epochLosses: z.array(z.number()),
      distance: z.object({ start: z.number(), end: z.number() }).nullable(),
      /** What the collapse monitor says, where it ran. */
      monitor: monitorSummarySchema.nullable(),
    }),
  ),
  faults: z.array(faultSchema),
});
export type ArmResult = z.infer<typeof armResultSchema>;

/** A difference of two arms on the same items, with its 95% interval, clustered by set and seed. */
export const changeSchema = z.object({ change: z.number(), ci95: interval, n: count });
export type Change = z.infer<typeof changeSchema>;

export const EFFECT_PARTS = ['training', 'exposure', 'pairing', 'selfOther'] as const;
export type EffectPart = (typeof EFFECT_PARTS)[number];

/** One part: what comes in from one arm to the next. Null where an arm was not measured; the next part then takes it in. */
const partSchema = z
  .object({ from: z.string(), to: z.string(), deceptive: changeSchema, honest: changeSchema })
  .nullable();
export const effectSchema = z.object(
  Object.fromEntries([...EFFECT_PARTS, 'total'].map((name) => [name, partSchema])) as Record<
    EffectPart | 'total',
    typeof partSchema
  >,
);
export type Effect = z.infer<typeof effectSchema>;

const changed = z.object({ before: share, after: share, p: z.number() }).nullable();
/** What tuning does under each motive; see `evals.motiveVerdicts`. */
export const motivesSchema = z.object({
  verdicts: z.array(
    z.object({
      motive: z.enum(MOTIVES),
      outcome: z.enum(MOTIVE_OUTCOMES),
      n: count,
      missing: count,
      deceptive: changed,
      honest: changed,
      text: z.string(),
    }),
  ),
  split: z.string().nullable(),
});

export const studyClaimSchema = z.object({
  id: z.string(),
  /** In words. */
  name: z.string(),
  /** From what on it holds. */
  wanted: z.string(),
  verdict: z.enum(CLAIM_VERDICTS),
  /** The numbers, in a sentence. */
  text: z.string(),
  numbers: z.object({
    before: z.number().nullable(),
    after: z.number().nullable(),
    change: z.number().nullable(),
    ci95: interval.nullable(),
    /** Two-sided, of the paired items; for `kept` one-sided, of being worse by the margin. */
    p: z.number().nullable(),
    /** By Holm over all claims of the study. */
    pHolm: z.number().nullable(),
    /** Pairs of answers. */
    n: count,
    /** Of the answers of both arms, the larger part that was truncated. */
    truncated: share,
  }),
  /** As the file states it. */
  stated: claimFileSchema,
  exploratory: z.boolean(),
});
export type StudyClaim = z.infer<typeof studyClaimSchema>;

export const resultsSchema = headerSchema.omit({ seconds: true }).extend({
  format: z.literal(RESULTS_FORMAT),
  study: z.string(),
  /** sha256 of what went in, by name. */
  inputs: z.record(z.string(), z.unknown()),
  /** The items that were asked, and whether a claim may be called confirmed. */
  plan: z.object({
    sha256: z.string(),
    frozenAt: z.string().nullable(),
    split: z.enum(SPLITS),
    /** Why no claim is confirmed by these results; null where they are. */
    exploratory: z.string().nullable(),
  }),
  /** In one sentence or two: does deception fall, and by what? */
  verdict: z.object({ outcome: z.string(), text: z.string() }),
  claims: z.array(studyClaimSchema),
  arms: z.record(z.string(), armResultSchema),
  effect: effectSchema,
  /** Of each arm beside the baseline: a verdict for every motive, and whether they part. */
  motives: z.record(z.string(), motivesSchema).default({}),
  tasks: z.array(
    z.object({
      id: z.string(),
      arm: z.string(),
      seed: z.int().nullable(),
      status: z.enum(['left', 'done', 'failed']),
      reason: z.string().nullable(),
    }),
  ),
});
export type StudyResults = z.infer<typeof resultsSchema>;

/** Written aside and renamed. Nothing in it depends on how long the work took, by whom it was done, or in which order. */
export function writeStudyResults(path: string, results: StudyResults): void {
  writeTextAside(path, `${JSON.stringify(results, null, 1)}\n`);
}

/** @throws InputError that names the file and the place where it is not what a study writes */
export const readStudyResults = (path: string): StudyResults =>
  checkShape(resultsSchema, readJsonFile(path), basename(path));
