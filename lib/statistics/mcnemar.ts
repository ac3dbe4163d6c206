/** Before and after on the same items: what was measured both times, and the test of its change. */
import { logFairBinomial } from './distributions';

export interface Paired<Value> {
  before: Value[];
  after: Value[];
  /** Items with a value on one side only: no outcome of either kind, only counted. */
  missing: number;
}

/** The items that have a value both before and after; null and undefined are no values. */
export function measuredTwice<Value>(
  before: ReadonlyMap<string, Value | null | undefined>,
  after: ReadonlyMap<string, Value | null | undefined>,
): Paired<Value> {
  const paired: Paired<Value> = { before: [], after: [], missing: 0 };
  for (const item of new Set([...before.keys(), ...after.keys()])) {
    const [first, second] = [before.get(item) ?? null, after.get(item) ?? null];
    if (first === null || second === null) paired.missing++;
    else {
      paired.before.push(first);
      paired.after.push(second);
    }
  }
  return paired;
}

export interface McNemar {
  n: number;
  both: number;
  neither: number;
  onlyBefore: number;
  onlyAfter: number;
  /** Exact and two-sided: the chance of items that change as unevenly or more, were either way as likely. */
  p: number;
  /** The same with half of the chance of just this outcome: the exact test is cautious, this one hardly (Fagerland 2013). */
  midP: number;
}

/**
 * McNemar's exact test of whether a yes or no has become more or less frequent. Items that did not change say nothing.
 * @param before one per item @param after of the same items, in the same order
 * @throws RangeError when the lists differ in length
 */
export function mcnemar(before: readonly boolean[], after: readonly boolean[]): McNemar {
  if (before.length !== after.length) {
    throw new RangeError(`mcnemar: as many items before as after are wanted, got ${before.length} and ${after.length}`);
  }
  const count = (first: boolean, second: boolean): number =>
    before.reduce((sum, was, i) => sum + (was === first && after[i] === second ? 1 : 0), 0);
  const [onlyBefore, onlyAfter] = [count(true, false), count(false, true)];
  return {
    n: before.length,
    both: count(true, true),
    neither: count(false, false),
    onlyBefore,
    onlyAfter,
    ...chances(Math.min(onlyBefore, onlyAfter), onlyBefore + onlyAfter),
  };
}

/** Of `fewer` of `changed` items going one way. */
function chances(fewer: number, changed: number): Pick<McNemar, 'p' | 'midP'> {
  const chance = (k: number): number => Math.exp(logFairBinomial(k, changed));
  let tail = 0;
  for (let k = 0; k <= fewer; k++) tail += chance(k);
  const even = 2 * fewer === changed;
  return { p: even ? 1 : Math.min(1, 2 * tail), midP: even ? 1 - chance(fewer) / 2 : 2 * tail - chance(fewer) };
}
