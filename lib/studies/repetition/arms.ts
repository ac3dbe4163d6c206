/** What is tuned beside self-other overlap, and on which pairs: every arm takes the same number of steps. */
import type { TextPair } from '../../evals';
import { nameControl, wordingControl } from '../../soo';

/**
 * - `overlap`: the pairs as they are.
 * - `name`: the other side under another name, against the other side: nobody is oneself.
 * - `wording`: the other side in other words, against the other side.
 * - `sham`: next-token loss on the same prompts: what seeing them does without any overlap loss.
 */
export const ARMS = ['overlap', 'name', 'wording', 'sham'] as const;
export type Arm = (typeof ARMS)[number];

export const ARM_NAMES: Readonly<Record<Arm | 'baseline', string>> = {
  baseline: 'before tuning',
  overlap: 'self-other overlap',
  name: 'control: another name',
  wording: 'control: other words',
  sham: 'sham: same prompts, no overlap',
};

/** The pairs that an arm is tuned on. @throws InputError where a control cannot be made of the pairs */
export function pairsOfArm(arm: Arm, pairs: readonly TextPair[]): TextPair[] {
  if (arm === 'name') return nameControl(pairs);
  if (arm === 'wording') return wordingControl(pairs);
  return [...pairs];
}
