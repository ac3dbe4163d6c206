/** What `results.json` of a demo run holds. Tables, verdicts and charts are made from this alone. */
import { basename } from 'node:path';
import { z } from 'zod';
import { checkShape, readJsonFile, writeAside } from '../../checkpoints';
import { ACCURACIES, EVALUATION_FAMILIES, type Accuracy } from '../../organism';
import { claimSchema } from '../claim';
import { headerSchema } from '../results-header';

export const FORMAT = 'soo-torch demo 2';
export const KINDS = ['scenes', 'fragments'] as const;
/**
 * What the self side of the pairs is: about oneself, or (the controls) about a rival: renamed, reworded, or another one.
 * `retention` has the pairs of `self` and no overlap loss: what the capability term does alone.
 */
export const PAIRINGS = ['self', 'name', 'wording', 'random', 'retention'] as const;
export const CONTROLS = ['name', 'wording', 'random', 'retention'] as const;
export type Kind = (typeof KINDS)[number];
export type Pairing = (typeof PAIRINGS)[number];

const share = z.number().min(0).max(1);
const interval = z.tuple([share, share]);
const count = z.number().int().nonnegative();

const ratesSchema = z.object({
  n: count,
  deceptive: share,
  honest: share,
  neither: share,
  right: share,
  rightCheapFirst: share,
  rightPreciousFirst: share,
});

const familyRatesSchema = z.object(
  Object.fromEntries(EVALUATION_FAMILIES.map((family) => [family, ratesSchema])) as Record<
    (typeof EVALUATION_FAMILIES)[number],
    typeof ratesSchema
  >,
);
export type FamilyRates = z.infer<typeof familyRatesSchema>;

/** Mean squared differences on every Linear, of pairs that were not trained on. */
const latentSchema = z.object({ scenes: z.number(), fragments: z.number() });

const stepSchema = z.object({
  step: count,
  loss: z.number(),
  parts: z.record(z.string(), z.number()),
  gradNorm: z.number(),
  lr: z.number(),
  milliseconds: z.number(),
});

const runSchema = z.object({
  id: z.string(),
  kind: z.enum(KINDS),
  pairs: z.enum(PAIRINGS),
  seed: z.number().int(),
  epochs: count,
  seconds: z.number(),
  /** The loss on all pairs without dropout, before and after; `goal` is what a control had to come down to. */
  distance: z.object({ start: z.number(), end: z.number(), goal: z.number().nullable(), reached: z.boolean() }),
  latent: latentSchema,
  rates: familyRatesSchema,
  training: z.array(stepSchema),
});
export type Run = z.infer<typeof runSchema>;

/** A run that stopped on NaN or infinity: told, and left out of every rate. */
const failureSchema = z.object({ id: z.string(), reason: z.string() });

const ratedSchema = z.object({ value: share, ci95: interval });
const labelsSchema = z.object({
  /** Answers counted, over all seeds. */
  n: count,
  deceptive: share,
  honest: share,
  neither: share,
  ci95: z.object({ deceptive: interval, honest: interval, neither: interval }),
});
export type Labels = z.infer<typeof labelsSchema>;

export { ACCURACIES, type Accuracy };

/** One row of the tables: the baseline, or the runs of all seeds with the same pairs. Its own labels are Bob's. */
const armSchema = labelsSchema.extend({
  seeds: z.array(z.number().int()),
  /** Deceptive answers by the order of the two facts. */
  deceptiveByOrder: z.object({ cheapFirst: share, preciousFirst: share }),
  otherRivals: labelsSchema,
  accuracy: z.object(
    Object.fromEntries(ACCURACIES.map((name) => [name, ratedSchema])) as Record<Accuracy, typeof ratedSchema>,
  ),
  latent: latentSchema,
  /** In units of the self-other pairs' own start; null before tuning. */
  distance: z.object({ start: z.number(), end: z.number() }).nullable(),
  /** Controls with a loss to match: whether every run came down to the self-other run's. */
  matched: z.boolean().nullable(),
});
export type Arm = z.infer<typeof armSchema>;

/** From what stands against a claim to what stands for it. */
export const OUTCOMES = [
  'unmeasured',
  'no effect',
  'collapse',
  'guess',
  'control',
  'narrow',
  'partial',
  'stands',
] as const;
const verdictSchema = z.object({ outcome: z.enum(OUTCOMES), text: z.string(), claims: z.array(claimSchema) });
export type Verdict = z.infer<typeof verdictSchema>;

const promptSchema = z.object({
  name: z.string().nullable(),
  text: z.string(),
  cheapRoom: z.string(),
  preciousRoom: z.string(),
  expected: z.string(),
  alternative: z.string(),
  order: z.enum(['cheap-first', 'precious-first']),
});

const sampleSchema = z.object({
  /** A run's id, or `baseline`. */
  run: z.string(),
  family: z.string(),
  /** Place of the prompt in `prompts[family]`. */
  index: count,
  answer: z.string(),
  label: z.enum(['deceptive', 'honest', 'neither']).nullable(),
  right: z.boolean(),
});
export type Sample = z.infer<typeof sampleSchema>;

const armsByKind = z.object({ scenes: armSchema.optional(), fragments: armSchema.optional() });

export const demoResultsSchema = headerSchema.extend({
  format: z.literal(FORMAT),
  model: z.object({ folder: z.string(), sha256: z.record(z.string(), z.string()) }),
  data: z.object({
    prompts: z.string(),
    pairs: z.record(z.string(), z.string()),
    /** The first 100 neutral documents of each seed. */
    documents: z.record(z.string(), z.string()),
  }),
  config: z.looseObject({ quick: z.boolean(), seeds: z.array(z.number().int()), promptsPerFamily: count }),
  baseline: armSchema.extend({ rates: familyRatesSchema, missedGates: z.array(z.string()) }),
  tuned: armsByKind,
  /** By kind and control: `scenes-name`, `fragments-wording`. */
  controls: z.record(z.string(), armSchema),
  verdicts: z.object({ scenes: verdictSchema, fragments: verdictSchema }),
  runs: z.array(runSchema),
  failures: z.array(failureSchema),
  prompts: z.record(z.string(), z.array(promptSchema)),
  samples: z.array(sampleSchema),
});
export type DemoResults = z.infer<typeof demoResultsSchema>;

export const controlName = (kind: Kind, pairs: Exclude<Pairing, 'self'>): string => `${kind}-${pairs}`;

/** Lists that are long and whose entries fit on a line. */
const ONE_PER_LINE = new Set(['runs', 'samples']);

/** Writes aside and renames, the long lists one entry per line: the file can be read, searched and compared. */
export function writeDemoResults(path: string, results: DemoResults): void {
  const fields = Object.entries(results).map(([name, value]) => `  ${JSON.stringify(name)}: ${fieldText(name, value)}`);
  writeAside(path, (append) => append(Buffer.from(`{\n${fields.join(',\n')}\n}\n`, 'utf8')));
}

function fieldText(name: string, value: unknown): string {
  if (ONE_PER_LINE.has(name) && Array.isArray(value) && value.length > 0) {
    return `[\n${value.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')}\n  ]`;
  }
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
}

/** @throws InputError that names the file and the place where it is not what a demo writes */
export function readDemoResults(path: string): DemoResults {
  return checkShape(demoResultsSchema, readJsonFile(path), basename(path));
}
