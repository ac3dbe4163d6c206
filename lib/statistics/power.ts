/** What so many items and seeds can show: a study that could not have seen an effect has not shown that there is none. */
import { noncentralTail } from './distributions';
import { LEVEL, reach } from './intervals';

export interface PowerOptions {
  /** Of the two-sided interval that is to leave out 0. */
  level?: number;
  /** How often the effect is to show. */
  power?: number;
}

/** Of effects, unless another is asked for. */
export const POWER = 0.8;

/** How often the interval over `n` units leaves out 0. @param effect in standard deviations between units */
export function powerOver(n: number, effect: number, level = LEVEL): number {
  const [t, shift] = [reach(level, n - 1), effect * Math.sqrt(n)];
  return noncentralTail(t, n - 1, shift) + noncentralTail(t, n - 1, -shift);
}

/**
 * The smallest mean difference that `n` units show (Student's t over units, which seeds are in a study).
 * @param deviation of the differences between units
 * @returns in the unit of `deviation`; null for a single unit, over which there is no interval
 */
export function detectable(
  n: number,
  deviation: number,
  { level = LEVEL, power = POWER }: PowerOptions = {},
): number | null {
  if (n < 2) return null;
  return deviation * smallest((effect) => powerOver(n, effect, level) >= power, 1e6);
}

export interface Measured {
  /** Questions, the same ones before and after. */
  items: number;
  seeds: number;
  /** The rate before, in [0, 1]. */
  before: number;
  /** Standard deviation between seeds of the true rate after. */
  seedDeviation: number;
}

/**
 * The smallest drop of a rate that shows. Items are taken to answer independently before and after, which is cautious:
 * the more they agree, the less their changes vary. Over several seeds by Student's t, with what the drawing of items adds
 * to each; of a single seed by McNemar's test (Connor 1987), which says nothing of other seeds.
 * @returns in [0, before]; null when even a drop to 0 would not show
 */
export function detectableDrop(measured: Measured, { level = LEVEL, power = POWER }: PowerOptions = {}): number | null {
  const { items, seeds, before, seedDeviation } = measured;
  const changing = (drop: number): number => before * (1 - before + drop) + (before - drop) * (1 - before);
  const needed = (drop: number): number => {
    const variance = changing(drop) - drop ** 2;
    if (seeds > 1) return factor * Math.sqrt(seedDeviation ** 2 + variance / items);
    return (reach(level) * Math.sqrt(changing(drop)) + reach(2 * power - 1) * Math.sqrt(variance)) / Math.sqrt(items);
  };
  const factor = detectable(seeds, 1, { level, power }) ?? NaN;
  if (needed(before) > before) return null;
  return smallest((drop) => drop >= needed(drop), before);
}

/** The sentence of it, as reports have it. */
export function dropThatShows(measured: Measured, options: PowerOptions = {}): string {
  const drop = detectableDrop(measured, options);
  const { items, seeds } = measured;
  const what = `${items} ${items === 1 ? 'item' : 'items'} and ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`;
  if (drop === null) return `with ${what} no drop would show`;
  const often = Math.round(100 * (options.power ?? POWER));
  return `with ${what} a drop of ${(100 * drop).toFixed(1)} points shows, ${often} times in 100`;
}

/** The least number up to `high` from which on a condition holds. */
function smallest(holds: (value: number) => boolean, high: number): number {
  let [low, top] = [0, 1];
  while (top < high && !holds(top)) top *= 2;
  top = Math.min(top, high);
  for (let step = 0; step < 80; step++) {
    const middle = (low + top) / 2;
    if (holds(middle)) top = middle;
    else low = middle;
  }
  return top;
}
