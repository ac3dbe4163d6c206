/** Telling a deceptive agent from an honest one by their overlap (upstream's evaluate-deception.py). */
import { wilson, type Interval } from '../../statistics';
import { physicalDeception, type Reward } from '../scenarios/physical-deception';
import { playEpisodes } from './episodes';
import { FORMS, OverlapWatcher, prefixMeans, type OverlapForm } from './overlap';
import type { Pair } from './trained';

/** After how many episodes it is judged. */
export const CLASSIFIED_AFTER: readonly number[] = [1, ...Array.from({ length: 15 }, (_, i) => 100 * (i + 1))];
/** Drawn once from 0 to 10000, as upstream draws its own. */
export const CLASSIFICATION_SEEDS: readonly number[] = [6311, 6890, 663, 4242, 8376, 7961, 6634, 4969, 7808, 5866];

/** By form of overlap, by seed: means after each number of episodes. */
export type OverlapMeans = Record<OverlapForm, number[][]>;

export interface Classification {
  seeds: readonly number[];
  /** By form and number of episodes: share of seeds whose honest mean is below the deceptive one. */
  accuracy: Record<OverlapForm, Record<string, number>>;
  /** Wilson's 95% intervals of the same. */
  ci95: Record<OverlapForm, Record<string, Interval>>;
  means: Record<'deceptive' | 'honest', OverlapMeans>;
}

/** Means of the first 1, 100, ... episodes of one seed, from one pass. */
export function overlapAfter(
  pair: Pair,
  plan: { reward: Reward; episodeLength: number; seed: number; after: readonly number[] },
): Record<OverlapForm, number[]> {
  const { after, ...rest } = plan;
  const [{ sums, steps }] = playEpisodes(
    physicalDeception,
    pair,
    { ...rest, episodes: Math.max(...after) },
    (environment) => [new OverlapWatcher(environment, pair.blue.policy, plan)] as const,
  );
  const means = FORMS.map((form) => [form, prefixMeans(sums[form], steps, after)]);
  return Object.fromEntries(means) as Record<OverlapForm, number[]>;
}

export function classify(
  means: Classification['means'],
  { seeds, after }: { seeds: readonly number[]; after: readonly number[] },
): Classification {
  const byCount = <Value>(value: (form: OverlapForm, index: number) => Value) =>
    Object.fromEntries(
      FORMS.map((form) => [form, Object.fromEntries(after.map((count, i) => [count, value(form, i)]))]),
    ) as Record<OverlapForm, Record<string, Value>>;
  const share = (form: OverlapForm, i: number): number =>
    seeds.filter((_, seed) => means.honest[form][seed][i] < means.deceptive[form][seed][i]).length / seeds.length;
  return {
    seeds,
    accuracy: byCount(share),
    ci95: byCount((form, i) => wilson(share(form, i), seeds.length)),
    means,
  };
}
