/** What the agents of a reproduction do, each training being one unit. */
import { overSeeds, rateInterval, type Interval } from '../../statistics';
import { classify, overlapAfter, type Classification, type OverlapMeans } from '../../rl/evaluation/classification';
import { ARMS, compare, type Arm, type Comparison } from '../../rl/evaluation/comparison';
import {
  evaluate,
  EVALUATION_SEEDS,
  playSeed,
  type Evaluation,
  type SeedEpisodes,
} from '../../rl/evaluation/evaluation';
import { learningCurves, type LearningPoint } from '../../rl/evaluation/learning-curve';
import { moments, type Measure } from '../../rl/evaluation/measure';
import { OVERLAP_FORMS, type OverlapForm } from '../../rl/evaluation/overlap';
import { openTrained, pairOf } from '../../rl/evaluation/trained';
import { physicalDeception } from '../../rl/scenarios/physical-deception';
import { foldersOf, type ReproductionPlan } from './plan';

/** Accuracy after the most episodes, over trainings. */
export type PairAccuracy = Record<'overlap' | 'overlapMatchedFlags', Measure>;

export interface Measurement {
  /** Entries of `bySeed` are trainings; intervals are over them. */
  arms: Record<Arm, Evaluation>;
  comparison: Comparison;
  /** Every seed of every training's pair. */
  classification: Classification;
  /** After as many episodes. */
  accuracy: PairAccuracy & { episodes: number };
  learning: { arm: Arm; agent: string; points: LearningPoint[] }[];
}

const FORMS = Object.keys(OVERLAP_FORMS) as OverlapForm[];

/**
 * Measures the agents that lie below `out`.
 * @param onStep is told what has been measured, and awaited: it may draw progress and let signals in
 */
export async function measureAgents(
  out: string,
  plan: ReproductionPlan,
  onStep: (note: string) => Promise<void>,
): Promise<Measurement> {
  const folders = foldersOf(out, plan);
  const episodes = {} as Record<Arm, SeedEpisodes[]>;
  for (const arm of ARMS) {
    episodes[arm] = [];
    for (const [index, folder] of folders[arm].entries()) {
      // All are paid alike, so that what they are paid can be compared.
      const drawn = { episodes: plan.evaluationEpisodes, seed: evaluationSeed(index) };
      episodes[arm].push(playAgents(folder, drawn));
      await onStep(`measured ${arm}`);
    }
  }
  const arms = byArm((arm) => overTrainings(evaluate(episodes[arm]), plan.evaluationEpisodes));
  const { after, seeds } = plan.classification;
  const means = {
    deceptive: await meansOf(folders.deceptive, plan, onStep),
    honest: await meansOf(folders.honest, plan, onStep),
  };
  const allSeeds = plan.seeds.flatMap(() => seeds);
  const classification = classify(means, { seeds: allSeeds, after });
  return {
    arms,
    comparison: compare(episodes),
    classification,
    accuracy: { ...accuracyByPair(means, plan), episodes: Math.max(...after) },
    learning: ARMS.flatMap((arm) =>
      Object.entries(learningCurves(folders[arm])).map(([agent, points]) => ({ arm, agent, points })),
    ),
  };
}

/** Upstream's seeds, and beyond them others that none of them is near. */
const evaluationSeed = (index: number): number =>
  EVALUATION_SEEDS[index % EVALUATION_SEEDS.length] + 10_000 * Math.floor(index / EVALUATION_SEEDS.length);

const byArm = <Value>(value: (arm: Arm) => Value): Record<Arm, Value> =>
  Object.fromEntries(ARMS.map((arm) => [arm, value(arm)])) as Record<Arm, Value>;

function playAgents(folder: string, { episodes, seed }: { episodes: number; seed: number }): SeedEpisodes {
  const trained = openTrained(folder, physicalDeception);
  const { episodeLength } = trained.config;
  try {
    return playSeed(pairOf(trained), { reward: 'deceptive', episodes, episodeLength, seed });
  } finally {
    trained.agents.dispose();
  }
}

/** Another training differs by more than other episodes do: intervals are over trainings, null for a single one. */
export function overTrainings(evaluation: Evaluation, episodes: number): Evaluation {
  const { counts, returns, trapRate, ...others } = evaluation;
  const widened = Object.entries(others).map(([name, measure]) => [name, overUnits(measure)]);
  return {
    ...(Object.fromEntries(widened) as typeof others),
    trapRate: { ...trapRate, ci95: rateInterval(trapRate.bySeed, episodes) },
    returns: Object.fromEntries(Object.entries(returns).map(([name, measure]) => [name, overUnits(measure)])),
    counts,
  };
}

/** Where one training had nothing to measure, there is neither a mean nor an interval. */
const overUnits = (measure: Measure): Measure => ({
  ...measure,
  ci95: measure.bySeed.every(Number.isFinite) ? overSeeds(measure.bySeed) : null,
});

/** A measure of one number for each training. */
export function unitsMeasure(bySeed: number[], ci95: Interval | null = overSeeds(bySeed)): Measure {
  return { ...moments(bySeed), ci95, bySeed };
}

/** By form, every seed of the first training's agent, then of the second's. */
async function meansOf(
  folders: readonly string[],
  { classification: { after, seeds } }: ReproductionPlan,
  onStep: (note: string) => Promise<void>,
): Promise<OverlapMeans> {
  const means = Object.fromEntries(FORMS.map((form) => [form, [] as number[][]])) as OverlapMeans;
  for (const folder of folders) {
    const trained = openTrained(folder, physicalDeception);
    const { reward, config } = trained;
    try {
      for (const seed of seeds) {
        const ofSeed = overlapAfter(pairOf(trained), { reward, episodeLength: config.episodeLength, seed, after });
        for (const form of FORMS) means[form].push(ofSeed[form]);
        await onStep('classified');
      }
    } finally {
      trained.agents.dispose();
    }
  }
  return means;
}

function accuracyByPair(means: Classification['means'], plan: ReproductionPlan): PairAccuracy {
  const { after, seeds } = plan.classification;
  const last = after.length - 1;
  const of = (form: OverlapForm): Measure => {
    const right = means.honest[form].map((counts, i) => (counts[last] < means.deceptive[form][i][last] ? 1 : 0));
    const pairs = plan.seeds.map((_, pair) => moments(right.slice(pair * seeds.length, (pair + 1) * seeds.length)));
    const shares = pairs.map(({ mean }) => mean);
    return unitsMeasure(shares, rateInterval(shares, seeds.length));
  };
  return { overlap: of('overlap'), overlapMatchedFlags: of('overlapMatchedFlags') };
}
