/** A claim that a study judges: of language models and of agents alike. */
import { z } from 'zod';

export const CLAIM_VERDICTS = ['holds', 'holds partly', 'does not hold', 'not judged'] as const;
export type ClaimVerdict = (typeof CLAIM_VERDICTS)[number];

/** How older files of demos call the verdict, and `soo demo` prints it. */
export const ANSWERS = {
  holds: 'yes',
  'holds partly': 'in part',
  'does not hold': 'no',
  'not judged': 'open',
} as const;

const claim = z.object({
  claim: z.string(),
  /** From what on it holds; null in older files. */
  wanted: z.string().nullable().default(null),
  verdict: z.enum(CLAIM_VERDICTS),
  /** The numbers, in a sentence. */
  text: z.string(),
});
export type Claim = z.infer<typeof claim>;

/** Reads what older demos wrote too: `holds` with an answer in the verdict's place. */
export const claimSchema = z.preprocess((stored) => {
  const { holds, ...others } = (stored ?? {}) as { holds?: unknown };
  const verdict = CLAIM_VERDICTS.find((one) => ANSWERS[one] === holds);
  return verdict ? { ...others, verdict } : stored;
}, claim);
