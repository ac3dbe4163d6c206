/** Which pairs a run is watched by. */
import { InputError } from '../files/input-error';
import { underAnotherName } from './control-pairs';
import type { TuningPair } from './pairs';

/** As many as are taken where nobody says: each costs three prompts a measurement. */
const FEW = 4;

/**
 * Keeps the last pairs of a file back from tuning, to be watched.
 * @throws InputError where there would be fewer than two of them, or none left to tune on
 */
export function keepBack<T>(pairs: readonly T[], count: number): { tuned: T[]; heldOut: T[] } {
  if (count === 0) return { tuned: [...pairs], heldOut: [] };
  if (count < 2 || count >= pairs.length)
    throw new InputError(`wanted to hold out 2 to ${pairs.length - 1} of ${pairs.length} pairs, got ${count}`);
  return { tuned: pairs.slice(0, -count), heldOut: pairs.slice(-count) };
}

/**
 * Pairs to watch a run by, with the other side under another name where it has one. A few of those that are tuned on,
 * evenly spread, where none are held out: the name control is new to the model on these too.
 */
export function watchedPairs(tuned: readonly TuningPair[], heldOut: readonly TuningPair[]): TuningPair[] {
  const pairs = heldOut.length > 0 ? heldOut : someOf(tuned);
  if (pairs.every(({ renamed }) => renamed !== undefined)) return [...pairs];
  try {
    return underAnotherName(pairs);
  } catch (thrown) {
    if (thrown instanceof InputError) return [...pairs];
    throw thrown;
  }
}

/** Evenly spread over the list, first and last among them. */
function someOf<T>(list: readonly T[]): T[] {
  if (list.length <= FEW) return [...list];
  return Array.from({ length: FEW }, (_, i) => list[Math.round((i * (list.length - 1)) / (FEW - 1))]);
}
