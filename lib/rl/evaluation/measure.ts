/** Numbers measured in episodes of several seeds, with what is known about their error. */
import { wilson, type Interval } from '../../statistics';

export interface Measure {
  /** Over seeds. */
  mean: number;
  /** 95%: other episodes of the same agents would give a mean in here; null where there are too few to tell. */
  ci95: Interval | null;
  /** Over seeds, of the population, as upstream reports it. */
  std: number;
  bySeed: number[];
}

const Z = 1.959963984540054;

/** @param values by seed @param error of their mean */
function measureOf(bySeed: number[], error: number): Measure {
  const { mean, std } = moments(bySeed);
  const half = Z * error;
  return { mean, ci95: Number.isFinite(half) ? [mean - half, mean + half] : null, std, bySeed };
}

/** Mean and the population's deviation. */
export function moments(values: readonly number[]): { mean: number; std: number } {
  const mean = sum(values) / values.length;
  return { mean, std: Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length) };
}

/** A share of episodes, from 0 or 1 of each. @param seeds by seed, then by episode */
export function shareOf(seeds: readonly (readonly number[])[]): Measure {
  const measure = measureOf(
    seeds.map((episodes) => sum(episodes) / episodes.length),
    NaN,
  );
  const episodes = sum(seeds.map(({ length }) => length));
  return { ...measure, ci95: wilson(measure.mean, episodes) };
}

/** A mean over episodes. @param seeds by seed, then by episode */
export function meanOf(seeds: readonly (readonly number[])[]): Measure {
  return ratioOf(seeds.map((episodes) => ({ amounts: episodes, counts: episodes.map(() => 1) })));
}

/** What one episode has of an amount, and of what it is counted in: steps, say. */
export interface Ratio {
  amounts: readonly number[];
  counts: readonly number[];
}

/**
 * A mean over steps, pooled over a seed's episodes, of which some have more steps than others. Steps of one episode are
 * alike, so that the interval takes whole episodes as its unit (the linearised ratio estimator: Cochran 1977, 6.3).
 */
export function ratioOf(seeds: readonly Ratio[]): Measure {
  const ratios = seeds.map(({ amounts, counts }) => sum(amounts) / sum(counts));
  const variances = seeds.map(({ amounts, counts }, seed) => {
    const n = amounts.length;
    const squares = sum(amounts.map((amount, i) => (amount - ratios[seed] * counts[i]) ** 2));
    return ((n / (n - 1)) * squares) / sum(counts) ** 2;
  });
  return measureOf(ratios, Math.sqrt(sum(variances)) / seeds.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
