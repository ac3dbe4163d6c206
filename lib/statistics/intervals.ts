/** Means, and intervals of rates: over prompts (Wilson) and over seeds (Student's t). */
import { normalQuantile, studentQuantile } from './distributions';

export type Interval = [low: number, high: number];

/** Of intervals, unless another is asked for. */
export const LEVEL = 0.95;

/** NaN of no values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of a sample, with n - 1 below; NaN of fewer than two values. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** How many standard errors a two-sided interval reaches to each side. @param degrees of freedom; null for the normal one */
export function reach(level: number, degrees: number | null = null): number {
  const p = (1 + level) / 2;
  return degrees === null ? normalQuantile(p) : studentQuantile(p, degrees);
}

/**
 * Wilson's score interval (1927) for a share of `n` trials: honest at 0% and 100%, where mean +- error is empty.
 * @param share in [0, 1]; successes / n
 */
export function wilson(share: number, n: number, level = LEVEL): Interval {
  if (!(n > 0)) throw new RangeError(`wilson: n must be 1 or more, got ${n}`);
  if (!(share >= 0 && share <= 1)) throw new RangeError(`wilson: a share must be in [0, 1], got ${share}`);
  const weight = reach(level) ** 2 / n;
  const centre = (share + weight / 2) / (1 + weight);
  const half = Math.sqrt(weight * share * (1 - share) + weight ** 2 / 4) / (1 + weight);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/**
 * Interval of the mean over runs with different seeds, the seed being the unit (Student's t); null for a single run.
 * Not cut to any range.
 */
export function overSeeds(values: readonly number[], level = LEVEL): Interval | null {
  const k = values.length;
  if (k < 2) return null;
  const half = reach(level, k - 1) * (deviation(values) / Math.sqrt(k));
  const centre = mean(values);
  return [centre - half, centre + half];
}

/**
 * Interval of a rate that was measured on the same `n` prompts after runs with different seeds: over seeds, and never
 * narrower than Wilson's for one run's prompts. Three runs that all give 100% say little about a fourth prompt.
 * @param shares one per seed
 */
export function rateInterval(shares: readonly number[], n: number, level = LEVEL): Interval {
  const prompts = wilson(mean(shares), n, level);
  const seeds = overSeeds(shares, level) ?? prompts;
  return [Math.max(0, Math.min(prompts[0], seeds[0])), Math.min(1, Math.max(prompts[1], seeds[1]))];
}

/**
 * What a rate may still be, at most, of which nothing was seen in `n` trials: the exact bound, of which 3 / n (at 95%) is
 * the rule of thumb (Hanley and Lippman-Hand 1983).
 */
export function ruleOfThree(n: number, level = LEVEL): number {
  if (!(n > 0)) throw new RangeError(`ruleOfThree: n must be 1 or more, got ${n}`);
  return -Math.expm1(Math.log1p(-level) / n);
}
