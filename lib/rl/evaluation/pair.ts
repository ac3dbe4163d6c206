import { act, LearningAgent, ScriptedAgent, type Agent } from '../maddpg';
import { follow } from '../scenarios/follower';
import { ADVERSARY, GOOD, PhysicalDeception } from '../scenarios/physical-deception';
import type { Actors } from './episodes';
import type { TrainedRun } from './trained';

/** A red and a blue that play together, whether they were trained together or not. */
export class Pair implements Actors {
  constructor(
    readonly red: Agent,
    readonly blue: LearningAgent,
  ) {}

  act(observations: readonly Float64Array[], actions: readonly Float32Array[]): void {
    act([this.red, this.blue], observations, actions);
  }
}

/** The red and the blue of a training. */
export function pairOf({ agents: { agents } }: Pick<TrainedRun, 'agents'>): Pair {
  const blue = agents[GOOD];
  if (!(blue instanceof LearningAgent)) throw new TypeError('the good agent must be one that learns');
  return new Pair(agents[ADVERSARY], blue);
}

/** The scripted red, which trusts blue. */
export function follower(): ScriptedAgent {
  const { agents } = new PhysicalDeception({ reward: 'honest', worlds: 1, seed: 0 });
  return new ScriptedAgent(agents[ADVERSARY], follow);
}
