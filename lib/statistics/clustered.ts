/** Means of items that are not independent of each other: prompts of one family, answers after one training. */
import { studentTail } from './distributions';
import { LEVEL, mean, reach, type Interval } from './intervals';

export interface ClusteredMean {
  mean: number;
  /** Standard error of the mean; NaN of a single cluster. */
  error: number;
  /** Student's t with one degree less than there are clusters; null of a single cluster. */
  interval: Interval | null;
  n: number;
  clusters: number;
}

/**
 * A mean with its clustered standard error: deviations are summed within clusters before they are squared (Miller 2024,
 * "Adding Error Bars to Evals", section 2.2, with the factor G / (G - 1) for G clusters, as few would give too little).
 * @param clusters the cluster of each value; each value is its own where none is given
 * @throws RangeError for no values, or unless there is a cluster for each
 */
export function clusteredMean(
  values: readonly number[],
  clusters: readonly (string | number)[] = values.map((_, i) => i),
  level = LEVEL,
): ClusteredMean {
  if (values.length === 0) throw new RangeError('clusteredMean: there are no values');
  if (clusters.length !== values.length) {
    throw new RangeError(`clusteredMean: ${values.length} values want as many clusters, got ${clusters.length}`);
  }
  const centre = mean(values);
  const sums = new Map<string | number, number>();
  values.forEach((value, i) => sums.set(clusters[i], (sums.get(clusters[i]) ?? 0) + value - centre));
  const groups = sums.size;
  const squares = [...sums.values()].reduce((total, sum) => total + sum ** 2, 0);
  const error = Math.sqrt((squares * groups) / (groups - 1)) / values.length;
  const half = groups > 1 ? reach(level, groups - 1) * error : NaN;
  return {
    mean: centre,
    error: groups > 1 ? error : NaN,
    interval: groups > 1 ? [centre - half, centre + half] : null,
    n: values.length,
    clusters: groups,
  };
}

export const NONINFERIORITY = ['noninferior', 'inferior', 'not shown'] as const;

export interface Noninferiority extends ClusteredMean {
  margin: number;
  /** One-sided, of a loss of `margin` or more; null of a single cluster. */
  p: number | null;
  /** `noninferior`: the interval lies above the margin's loss; `inferior`: below it; else nothing is shown. */
  verdict: (typeof NONINFERIORITY)[number];
}

/**
 * Whether something has become worse by less than a margin: "no significant loss" shows nothing, as too few items never
 * show one. The interval is two-sided, so that the test's level is half of what it leaves out.
 * @param gains after minus before for each item, more being better @param margin the least loss that matters, above 0
 */
export function noninferiority(
  gains: readonly number[],
  margin: number,
  { clusters, level = LEVEL }: { clusters?: readonly (string | number)[]; level?: number } = {},
): Noninferiority {
  if (!(margin > 0)) throw new RangeError(`noninferiority: a margin must be above 0, got ${margin}`);
  const measured = clusteredMean(gains, clusters, level);
  const { interval, error } = measured;
  if (interval === null) return { ...measured, margin, p: null, verdict: 'not shown' };
  const above = measured.mean + margin;
  // Items that all gained the same have no error, and a mean that is surely on one side.
  const p = error > 0 ? studentTail(above / error, measured.clusters - 1) : above > 0 ? 0 : 1;
  const verdict = interval[0] > -margin ? 'noninferior' : interval[1] < -margin ? 'inferior' : 'not shown';
  return { ...measured, margin, p, verdict };
}
