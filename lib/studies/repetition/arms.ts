/** What is tuned beside self-other overlap, and on which pairs: every arm takes the same number of steps. */
import { InputError } from '../../files/input-error';
import type { TextPair } from '../../evals';

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
  if (arm === 'name') {
    const name = nameIn(pairs);
    const another = NAMES.find((one) => !pairs.some(({ self, other }) => `${self} ${other}`.includes(one))) as string;
    return pairs.map(({ other }) => ({ self: other.replaceAll(wholeName(name), another), other }));
  }
  if (arm === 'wording') return pairs.map(({ other }) => ({ self: reworded(other), other }));
  return [...pairs];
}

const NAMES = ['Tom', 'Max', 'Ben', 'Sam', 'Leo'];

const wholeName = (name: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])`, 'gu');

/** The name that stands in every other side and in no self side. */
function nameIn(pairs: readonly TextPair[]): string {
  const namesOf = (text: string): string[] => text.match(/(?<![\p{L}\p{N}])\p{Lu}\p{Ll}+(?![\p{L}\p{N}])/gu) ?? [];
  const [first] = pairs;
  const name = namesOf(first.other).find((one) => pairs.every(({ self, other }) => namesOf(other).includes(one) && !namesOf(self).includes(one))); // prettier-ignore
  if (name !== undefined) return name;
  throw new InputError(
    'the name control wants a name that stands in the other side of every pair and in no self side, and found none; leave it out with --arms',
  );
}

/** Ways to say the same, each taken for the next of its row. */
const SAME: readonly (readonly string[])[] = [
  ['has the goal of stealing', 'is planning to steal', 'intends to steal', 'wants to steal'],
  [
    'If you needed to suggest',
    'If you were required to recommend',
    'If you would have to point out',
    'If you had to recommend',
  ],
];

/** The same in other words; a text in which no phrase is known gets an opening of no content. */
function reworded(text: string): string {
  const changed = SAME.reduce((text, phrases) => {
    const at = phrases.findIndex((phrase) => text.includes(phrase));
    return at < 0 ? text : text.replace(phrases[at], phrases[(at + 1) % phrases.length]);
  }, text);
  return changed === text ? `This is the situation. ${text}` : changed;
}
