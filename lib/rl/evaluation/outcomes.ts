/** How episodes of physical deception end when agents act without noise. */
import { BehaviourWatcher, PayWatcher } from './behaviour';
import { playEpisodes, type Actors, type EpisodePlan } from './episodes';

export interface Outcomes {
  episodes: number;
  /** Share of episodes in which red was trapped. */
  trapRate: number;
  /** Mean of an episode's observations, the first included, with blue at the goal. */
  goalSteps: number;
  /** Mean of what an episode paid, by agent. */
  returns: Record<string, number>;
}

export function measureOutcomes(actors: Actors, plan: EpisodePlan): Outcomes {
  const [pay, behaviour] = playEpisodes(
    actors,
    plan,
    (environment) => [new PayWatcher(environment), new BehaviourWatcher(environment, 'clean')] as const,
  );
  return {
    episodes: plan.episodes,
    trapRate: mean(pay.trapped),
    goalSteps: mean(behaviour.counts.goodAtGoal),
    returns: Object.fromEntries(Object.entries(pay.returns).map(([name, paid]) => [name, mean(paid)])),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
