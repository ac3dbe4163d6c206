/** Training pairs in a family's words: of things that no scenario to develop on or to confirm with holds. */
import { InputError } from '../../files/input-error';
import { Random } from '../../random';
import type { TextPair } from '../upstream-data';
import { familyCalled } from './catalogue';
import { definite, fill, STANDARD_NAME, thingsOf } from './words';

export interface PairOptions {
  family: string;
  n: number;
  seed: number;
}

/**
 * `n` different pairs: who wants which thing and the beginning of a request, about oneself and about somebody else. Every
 * other side names the same person. They end before any place is named.
 * @throws InputError for an unknown family, one without pairs, or more pairs than it has
 */
export function pairsOfFamily({ family: name, n, seed }: PairOptions): TextPair[] {
  const family = familyCalled(name);
  if (!family.pairs) throw new InputError(`family ${name}: has no training pairs`);
  const { objectives, requests } = family.pairs;
  const all = thingsOf(family.precious, 'training').flatMap((thing) =>
    objectives.flatMap((objective) => requests.map((request) => pairOf(`${objective} ${request}`, definite(thing)))),
  );
  if (n > all.length) throw new InputError(`family ${name}: wanted at most ${all.length} pairs, got ${n}`);
  return Random.of(`${name} pairs ${seed}`).sample(all, n);
}

/** Fills both readings of a text in which `[self words/other words]` stand. */
function pairOf(text: string, precious: string): TextPair {
  const reading = (side: '$1' | '$2'): string =>
    fill(text.replace(/\[([^[\]/]+)\/([^[\]/]+)\]/gu, side), { name: STANDARD_NAME, 'the precious': precious });
  return { self: reading('$1'), other: reading('$2') };
}
