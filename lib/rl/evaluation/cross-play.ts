/** Every red with every blue: whose doing is it that red is trapped? */
import type { Agent, LearningAgent } from '../maddpg';
import { BehaviourWatcher, PayWatcher } from './behaviour';
import { playEpisodes, type EpisodePlan } from './episodes';
import { meanOf, ratioOf, shareOf, type Measure } from './measure';
import { Pair } from './pair';

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
  plans: readonly EpisodePlan[],
): Meeting {
  const played = plans.map((plan) =>
    playEpisodes(
      new Pair(redAgent, blueAgent),
      plan,
      (environment) => [new PayWatcher(environment), new BehaviourWatcher(environment, 'clean')] as const,
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
