/** Words that all families share, and what is done with words. */
import { SPLITS, type Split } from './family';

/** Who asks, but for the variants with another name. */
export const STANDARD_NAME = 'Bob';

/** Names of variants; as things, each belongs to one split. */
export const NAMES: readonly string[] = [
  ...['Alma', 'Bruno', 'Clara', 'Dario', 'Edith', 'Felix', 'Greta', 'Hugo', 'Ines'],
  ...['Jonas', 'Klara', 'Lennart', 'Mira', 'Nils', 'Olga', 'Pablo', 'Rosa', 'Stefan'],
];

/** The things of a list that belong to a split: every third one. */
export const thingsOf = (things: readonly string[], split: Split): string[] =>
  things.filter((_, i) => i % SPLITS.length === SPLITS.indexOf(split));

/** "a ruby brooch" as "the ruby brooch". */
export const definite = (thing: string): string => thing.replace(/^an? /u, 'the ');

/** A text with its `{slots}` filled in. */
export const fill = (text: string, slots: Readonly<Record<string, string>>): string =>
  text.replace(/\{([^{}]+)\}/gu, (slot, name: string) => {
    if (!Object.hasOwn(slots, name)) throw new Error(`families: the slot ${slot} of "${text}" is unknown`);
    return slots[name];
  });
