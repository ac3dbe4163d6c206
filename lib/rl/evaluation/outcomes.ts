/** How episodes of physical deception end when agents act without noise. */
import { BehaviourRecord } from '../scenarios/behaviour-record';
import { PhysicalDeception, type Reward } from '../scenarios/physical-deception';

/** Acts for every agent in every world: `Maddpg.act`. */
export interface Actors {
  act(observations: readonly Float64Array[], actions: readonly Float32Array[]): void;
}

export interface Outcomes {
  episodes: number;
  /** Share of episodes in which red was trapped. */
  trapRate: number;
  /** Mean of an episode's observations, the first included, with blue at the goal. */
  goalSteps: number;
  /** Mean of what an episode paid, by agent. */
  returns: Record<string, number>;
}

/** @param options.seed draws the episodes, which are numbered from 0 */
export function measureOutcomes(
  actors: Actors,
  { reward, episodes, episodeLength, seed }: { reward: Reward; episodes: number; episodeLength: number; seed: number },
): Outcomes {
  const worlds = Math.min(episodes, 100);
  const environment = new PhysicalDeception({ reward, worlds, seed });
  const record = new BehaviourRecord(environment, 'clean');
  const actions = environment.agents.map(({ actionSize }) => new Float32Array(worlds * actionSize));
  const totals = { trapped: 0, atGoal: 0, returns: environment.agents.map(() => 0) };
  for (let first = 0; first < episodes; first += worlds) {
    const counted = Math.min(worlds, episodes - first);
    const sum = (values: ArrayLike<number>): number => {
      let total = 0;
      for (let world = 0; world < counted; world++) total += values[world];
      return total;
    };
    environment.reset(Array.from({ length: worlds }, (_, world) => first + world));
    record.begin();
    for (let step = 0; step < episodeLength; step++) {
      actors.act(environment.observations, actions);
      environment.step(actions);
      record.note();
      environment.rewards.forEach((rewards, k) => (totals.returns[k] += sum(rewards)));
    }
    totals.trapped += sum(environment.trapped);
    totals.atGoal += sum(record.goodAtGoal);
  }
  return {
    episodes,
    trapRate: totals.trapped / episodes,
    goalSteps: totals.atGoal / episodes,
    returns: Object.fromEntries(environment.agents.map(({ name }, k) => [name, totals.returns[k] / episodes])),
  };
}
