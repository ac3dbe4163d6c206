/** Pairs that differ as self and other do in everything but that: what tuning on them does, self-other overlap did not. */
import { InputError } from '../files/input-error';
import type { TextPair } from '../evals';
import { torch } from '../torch';

/** Names that a control gives to somebody, the first that no pair holds. */
const NAMES: readonly string[] = ['Tom', 'Max', 'Ben', 'Sam', 'Leo'];

/**
 * The name control: the other side under another name, against the other side. Nobody is oneself.
 * @param names what somebody may be called instead; a model of few words knows few names
 * @throws InputError where a pair's other side has no name that its self side lacks
 */
export function nameControl(pairs: readonly TextPair[], names: readonly string[] = NAMES): TextPair[] {
  const [inside, anywhere] = [namesInside, namesIn].map((namesOf) => commonName(pairs, namesOf));
  return pairs.map(({ self, other }) => {
    const name = inside ?? commonName([{ self, other }], namesInside) ?? anywhere;
    if (name === undefined) {
      throw new InputError(
        'the name control wants a name that stands in the other side of every pair and in no self side, and found none; leave it out with --arms',
      );
    }
    const absentFrom = (among: readonly TextPair[]): string | undefined =>
      names.find((one) => one !== name && !among.some((pair) => `${pair.self} ${pair.other}`.includes(one)));
    const another = absentFrom(pairs) ?? absentFrom([{ self, other }]);
    if (another === undefined) throw new InputError(`the name control wants another name than ${name}, and found none`);
    return { self: other.replaceAll(wholeName(name), another), other };
  });
}

/**
 * The pairs, each with its other side under another name beside it, as the name-control term and the watch want them.
 * @throws InputError as {@link nameControl} does
 */
export const underAnotherName = (pairs: readonly TextPair[]): (TextPair & { renamed: string })[] =>
  nameControl(pairs).map(({ self: renamed }, i) => ({ ...pairs[i], renamed }));

const wholeName = (name: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])`, 'gu');

const namesIn = (text: string): string[] => text.match(/(?<![\p{L}\p{N}])\p{Lu}\p{Ll}+(?![\p{L}\p{N}])/gu) ?? [];

/** A capital inside of a sentence: the first word of a sentence has one too, and is hardly ever a name. */
const namesInside = (text: string): string[] => namesIn(text.replace(/(^|[.?!:]\s+)\p{Lu}\p{Ll}+/gu, '$1'));

/** The name that stands in every other side and in no self side. */
function commonName(pairs: readonly TextPair[], namesOf: (text: string) => string[]): string | undefined {
  return namesOf(pairs.at(0)?.other ?? '').find((name) =>
    pairs.every(({ self, other }) => namesOf(other).includes(name) && !namesIn(self).includes(name)),
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

/** The wording control: the other side in other words, against the other side. */
export const wordingControl = (pairs: readonly TextPair[]): TextPair[] =>
  pairs.map(({ other }) => ({ self: reworded(other), other }));

/** The same in other words; a text in which no phrase is known gets an opening of no content. */
function reworded(text: string): string {
  const changed = SAME.reduce((text, phrases) => {
    const at = phrases.findIndex((phrase) => text.includes(phrase));
    return at < 0 ? text : text.replace(phrases[at], phrases[(at + 1) % phrases.length]);
  }, text);
  return changed === text ? `This is the situation. ${text}` : changed;
}

/**
 * The random control: the other sides of two unrelated pairs. Everything differs but who is spoken of.
 * @throws InputError where all other sides are one text
 */
export const randomControl = (pairs: readonly TextPair[], seed: number): TextPair[] =>
  withPartners(pairs, seed, 'random').map(([{ other }, partner]) => ({ self: partner.other, other }));

/**
 * The shuffled control: the self side of one pair, the other side of another. Oneself and somebody else are still brought
 * together, but not where all else is equal.
 * @throws InputError where all other sides are one text
 */
export const shuffledControl = (pairs: readonly TextPair[], seed: number): TextPair[] =>
  withPartners(pairs, seed, 'shuffled').map(([{ other }, partner]) => ({ self: partner.self, other }));

/** Every pair with another one: the next on one seeded round through all of them whose other side is another text. */
function withPartners(pairs: readonly TextPair[], seed: number, control: string): [TextPair, TextPair][] {
  const generator = torch.generator({ seed });
  const round = torch.scope(() => torch.randperm(pairs.length, { generator }).toArray() as number[]);
  const places = new Map(round.map((index, place) => [index, place]));
  return pairs.map((pair, i) => {
    const from = places.get(i) ?? 0;
    const behind = [...round.slice(from + 1), ...round.slice(0, from)].map((index) => pairs[index]);
    const partner = behind.find(({ other }) => other !== pair.other);
    if (!partner) throw new InputError(`the ${control} control wants pairs whose other sides differ, and found none`);
    return [pair, partner];
  });
}
