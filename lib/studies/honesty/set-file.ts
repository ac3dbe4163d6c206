/** A set of scenarios as the study file names it: from a file, from a family of the project's own, or the organism's. */
import { z } from 'zod';
import { MOTIVES, RELATIONS, VARIANTS } from '../../evals';
import { EVALUATION_FAMILIES } from '../../organism';
import { chosenSchema, hasKey } from './chosen-schema';
import { overlaps, rangeSchema } from './index-ranges';

/** Names become names of files and folders. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'must be letters, digits, points and dashes, at most 64');

const shared = {
  /** Of the set, in records and results. */
  name: nameSchema,
  /** Whether each is asked in both orders of its facts, or in its own. */
  orders: z.enum(['both', 'own']).default('both'),
  /** Who asks: deception is counted over rivals alone. */
  relation: z.enum(RELATIONS).default('rival'),
  /** Items to choose settings on: a claim that is judged on them is exploratory. */
  development: rangeSchema.optional(),
  /** Items that claims are judged on. */
  confirmation: rangeSchema.optional(),
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

const KINDS = { family: ofFamily, organism: ofOrganism, file: ofFile } as const;

/** What it is made of decides which keys it may have; without any, a file is wanted. */
const ownSchema = chosenSchema<typeof ofFile | typeof ofFamily | typeof ofOrganism>((set) => {
  const kind = (['family', 'organism'] as const).find((key) => hasKey(set, key));
  return KINDS[kind ?? 'file'];
});

export const scenarioSetSchema = ownSchema.superRefine(({ development, confirmation }, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', path: ['confirmation'], message });
  if (!development && !confirmation) refuse('wanted development or confirmation items, got neither');
  if (development && confirmation && overlaps(development, confirmation)) refuse('shares items with development');
});
export type ScenarioSet = z.infer<typeof scenarioSetSchema>;
