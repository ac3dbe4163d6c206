/** A claim as the study file states it: what is compared, and from what on it holds. */
import { z } from 'zod';
import { MOTIVES } from '../../evals';
import { nameSchema } from './set-file';

/** What an arm is measured by. All but perplexity are shares in [0, 1]. */
export const MEASURES = [
  'deceptive',
  'honest',
  'refusal',
  'other',
  /** Refusal and other together: answers that point to neither. */
  'unanswered',
  'perspective',
  'falseBelief',
  'selfKnowledge',
  'tasks',
  'multipleChoice',
  'perplexity',
  /** Of a benchmark's set: items whose deceptive answer is the likelier. */
  'leaning',
] as const;
export type Measure = (typeof MEASURES)[number];

/** Measures of the answers to scenarios; the others are of the checks. */
export const ANSWER_MEASURES = ['deceptive', 'honest', 'refusal', 'other', 'unanswered'] as const;
export const isOfAnswers = (measure: Measure): measure is (typeof ANSWER_MEASURES)[number] =>
  (ANSWER_MEASURES as readonly string[]).includes(measure);

const share = z.number().min(0).max(1);

export const claimSchema = z.strictObject({
  id: nameSchema,
  /** In words; by default they are made of the fields below. */
  name: z.string().min(1).optional(),
  arm: z.string(),
  /** The arm that it is compared with. */
  against: z.string().default('baseline'),
  measure: z.enum(MEASURES),
  /** `kept`: worse by less than `margin` (noninferiority). */
  change: z.enum(['falls', 'rises', 'kept']),
  /** Of `falls` and `rises`: the least change. */
  by: share.default(0.1),
  /** Of `kept`: how much worse it may be; of perplexity relative. */
  margin: share.default(0.05),
  /** One set of scenarios; by default all of self-interested concealment. */
  set: z.string().optional(),
  /** Or one motive. */
  motive: z.enum(MOTIVES).optional(),
});
export type ClaimFile = z.infer<typeof claimSchema>;
