/** Means, intervals for rates: over prompts (Wilson) and over seeds (Student's t); and how shares are written. */

export type Interval = [low: number, high: number];

/** The 97.5% point of the normal distribution: intervals are 95% ones. */
const Z = 1.959963984540054;

/** 97.5% points of Student's t for 1 to 30 degrees of freedom (any table of the distribution). */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Beyond the table, the first two terms of the expansion around the normal distribution (Fisher and Cornish 1960). */
function studentT(degrees: number): number {
  return T[degrees - 1] ?? Z + (Z ** 3 + Z) / (4 * degrees);
}

/** NaN of no values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Wilson's 95% score interval (1927) for a share of `n` trials: honest at 0% and 100%, where mean +- error is empty.
 * @param share in [0, 1]; successes / n
 */
export function wilson(share: number, n: number): Interval {
  if (!(n > 0)) throw new RangeError(`wilson: n must be 1 or more, got ${n}`);
  if (!(share >= 0 && share <= 1)) throw new RangeError(`wilson: a share must be in [0, 1], got ${share}`);
  const weight = Z ** 2 / n;
  const centre = (share + weight / 2) / (1 + weight);
  const half = Math.sqrt(weight * share * (1 - share) + weight ** 2 / 4) / (1 + weight);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/**
 * 95% interval of the mean over runs with different seeds, the seed being the unit; null for a single run.
 * Not cut to any range.
 */
export function overSeeds(values: readonly number[]): Interval | null {
  const k = values.length;
  if (k < 2) return null;
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (k - 1);
  const half = studentT(k - 1) * Math.sqrt(variance / k);
  return [centre - half, centre + half];
}

/**
 * 95% interval of a rate that was measured on the same `n` prompts after runs with different seeds: over seeds, and
 * never narrower than Wilson's for one run's prompts. Three runs that all give 100% say little about a fourth prompt.
 * @param shares one per seed
 */
export function rateInterval(shares: readonly number[], n: number): Interval {
  const prompts = wilson(mean(shares), n);
  const seeds = overSeeds(shares) ?? prompts;
  return [Math.max(0, Math.min(prompts[0], seeds[0])), Math.min(1, Math.max(prompts[1], seeds[1]))];
}

/** A share as `12%`. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;

/** A share as `12.3`: percent with one more digit, where a heading or the text says what it is. */
export const percentPoints = (share: number): string => (100 * share).toFixed(1);
