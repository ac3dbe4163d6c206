/** How a red and a blue of physical deception do together: behaviour and overlap, with intervals. */
import type { Agent, LearningAgent } from '../maddpg';
import { physicalDeception, type Reward } from '../scenarios/physical-deception';
import { BehaviourWatcher, COUNTS, TrapWatcher, type Behaviour, type Count } from './behaviour';
import { playEpisodes, type EpisodePlan } from './episodes';
import { meanOf, ratioOf, shareOf, type Measure } from './measure';
import { FORMS, OverlapWatcher, type EpisodeOverlap, type OverlapForm } from './overlap';
import { Pair } from './trained';

/** Seeds of upstream's behavioural evaluation. */
export const EVALUATION_SEEDS = [155, 714, 1908, 1549, 1195, 1812, 542, 2844] as const;

/** The behavioural counts of an episode, and its deceptive moves with red in sight. */
export type CountMeasures = Record<Count | 'deceptiveMoves', Measure>;

export interface Evaluation extends Record<OverlapForm, Measure> {
  /** Share of episodes in which red was trapped. */
  trapRate: Measure;
  /**
   * Of the steps that blue decided on with red in sight, the share that went straight to the landmark that is not the
   * goal while the goal was elsewhere: `movedToNonGoal` as mended (Q1).
   */
  deceptiveMoveRate: Measure;
  /** Observations of an episode, the first included, with blue at the goal. */
  goalSteps: Measure;
  /** What an episode pays, by agent. */
  returns: Record<string, Measure>;
  counts: Record<Behaviour['form'], CountMeasures>;
}

/** The episodes of one seed. */
export interface SeedEpisodes {
  pay: Pick<TrapWatcher, 'trapped' | 'returns'>;
  clean: Behaviour;
  upstream: Behaviour;
  overlap: EpisodeOverlap;
}

/** Plays the episodes of one seed and records all that is evaluated. */
export function playSeed(pair: Pair, plan: EpisodePlan<Reward>): SeedEpisodes {
  const [pay, clean, upstream, overlap] = playEpisodes(
    physicalDeception,
    pair,
    plan,
    (environment) =>
      [
        new TrapWatcher(environment),
        new BehaviourWatcher(environment, 'clean'),
        new BehaviourWatcher(environment, 'upstream'),
        new OverlapWatcher(environment, pair.blue.policy, plan),
      ] as const,
  );
  return { pay, clean, upstream, overlap };
}

/** @param seeds what {@link playSeed} gave for each */
export function evaluate(seeds: readonly SeedEpisodes[]): Evaluation {
  const names = Object.keys(seeds[0].pay.returns);
  const overlaps = FORMS.map((form) => [
    form,
    ratioOf(seeds.map(({ overlap }) => ({ amounts: overlap.sums[form], counts: overlap.steps }))),
  ]);
  return {
    trapRate: shareOf(seeds.map(({ pay }) => pay.trapped)),
    deceptiveMoveRate: ratioOf(
      seeds.map(({ clean: { counts } }) => ({ amounts: counts.movedToNonGoal, counts: counts.movesInSight })),
    ),
    goalSteps: meanOf(seeds.map(({ clean }) => clean.counts.goodAtGoal)),
    ...(Object.fromEntries(overlaps) as Record<OverlapForm, Measure>),
    returns: Object.fromEntries(names.map((name) => [name, meanOf(seeds.map(({ pay }) => pay.returns[name]))])),
    counts: {
      clean: countsOf(seeds.map(({ clean }) => clean)),
      upstream: countsOf(seeds.map(({ upstream }) => upstream)),
    },
  };
}

function countsOf(seeds: readonly Behaviour[]): CountMeasures {
  const counts = COUNTS.map((name) => [name, meanOf(seeds.map(({ counts }) => counts[name]))]);
  return Object.fromEntries([
    ...counts,
    ['deceptiveMoves', meanOf(seeds.map(({ deceptiveMoves }) => deceptiveMoves))],
  ]) as CountMeasures;
}

/** Every red with every blue: whose doing is it that red is trapped? */
export interface Meeting {
  red: string;
  blue: string;
  trapRate: Measure;
  deceptiveMoveRate: Measure;
  goalSteps: Measure;
  /** What an episode pays, by agent. */
  returns: Record<string, Measure>;
}

/** Lets a red and a blue play the episodes of each plan. */
export function meet(
  [red, redAgent]: readonly [string, Agent],
  [blue, blueAgent]: readonly [string, LearningAgent],
  plans: readonly EpisodePlan<Reward>[],
): Meeting {
  const played = plans.map((plan) =>
    playEpisodes(
      physicalDeception,
      new Pair(redAgent, blueAgent),
      plan,
      (environment) => [new TrapWatcher(environment), new BehaviourWatcher(environment, 'clean')] as const,
    ),
  );
  const names = Object.keys(played[0][0].returns);
  return {
    red,
    blue,
    trapRate: shareOf(played.map(([pay]) => pay.trapped)),
    deceptiveMoveRate: ratioOf(
      played.map(([, { counts }]) => ({ amounts: counts.movedToNonGoal, counts: counts.movesInSight })),
    ),
    goalSteps: meanOf(played.map(([, { counts }]) => counts.goodAtGoal)),
    returns: Object.fromEntries(names.map((name) => [name, meanOf(played.map(([pay]) => pay.returns[name]))])),
  };
}
