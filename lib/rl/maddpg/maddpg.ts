/** Agents that act in many worlds and learn from what they met (Lowe et al. 2017, arXiv 1706.02275). */
import { torch, type Generator } from '../../torch';
import type { AgentShape } from '../environment';
import type { Rules } from '../scenario';
import { LearningAgent, ScriptedAgent, type Agent } from './agents';
import type { MaddpgConfig } from './config';
import { rowLayout, type ReplayBuffer } from './replay-buffer';
import { updateAgent, type UpdateRecord } from './update';

/** A round of updates: what each agent's update was like; null for those that do not learn. */
export type Round = (UpdateRecord | null)[];

/** A loss of its own for one agent's policy, of which a training takes a step in every round. */
export interface AuxiliaryStep {
  /** The name of the agent that it moves. */
  readonly agent: string;
  /** Whether agents learn from nothing else: no critic, no policy and no target moves otherwise. */
  readonly alone: boolean;
  /** When episodes begin, after the environment's `reset` with their numbers. */
  begin(episodes: readonly number[]): void;
  /** Before every step of the environment. */
  beforeStep(): void;
  /**
   * After it.
   * @param actions what the agents did, noise included, `[worlds, actionSize]` each
   * @param playing only the first so many worlds play an episode
   */
  afterStep(actions: readonly Float32Array[], playing: number): void;
  /** In every round, right before the agent's own update. */
  take(agent: LearningAgent): void;
  /** Means over the rounds since the last report, by name. */
  report(): Record<string, number>;
}

export class Maddpg {
  readonly agents: readonly Agent[];

  /**
   * Draws the networks' first weights from the configuration's seed, and leaves the caller's random numbers alone.
   * @param rules by agent's name: rules in the place of policies
   */
  constructor(
    shapes: readonly AgentShape[],
    readonly config: MaddpgConfig,
    rules: Rules = {},
  ) {
    const sizes = { jointSize: rowLayout(shapes).joint.size, hiddenSize: config.hiddenSize, lr: config.lr };
    this.agents = torch.forkRng(() => {
      torch.manualSeed(config.seed);
      return shapes.map((shape) => {
        const rule = rules[shape.name];
        return rule ? new ScriptedAgent(shape, rule) : new LearningAgent(shape, sizes);
      });
    });
  }

  get learners(): LearningAgent[] {
    return this.agents.filter((agent) => agent instanceof LearningAgent);
  }

  /**
   * What every agent does about what it sees, without noise.
   * @param observations per agent, `[worlds, observationSize]`
   * @param actions per agent, `[worlds, actionSize]`, to be written
   */
  act(observations: readonly Float64Array[], actions: readonly Float32Array[]): void {
    act(this.agents, observations, actions);
  }

  /**
   * Every agent learns from a batch of its own, in order; then their targets move.
   * @param auxiliary taken right before the update of its agent
   */
  updateRound(buffer: ReplayBuffer, generator: Generator, auxiliary?: AuxiliaryStep): Round {
    const { config, agents } = this;
    for (const agent of this.learners) agent.learnMode();
    const round = agents.map((agent, index) => {
      if (agent instanceof ScriptedAgent || agent.frozen) return null;
      if (agent.shape.name === auxiliary?.agent) auxiliary.take(agent);
      if (auxiliary?.alone) return null;
      return torch.scope(() => {
        const batch = buffer.sample(config.batch, generator);
        return updateAgent(agents, index, batch, buffer.rewardMoments(index), config);
      });
    });
    for (const agent of this.learners) {
      if (!agent.frozen && !auxiliary?.alone) agent.softUpdate(config.tau);
      agent.actMode();
    }
    return round;
  }

  dispose(): void {
    for (const agent of this.learners) agent.dispose();
  }
}

/** The same for agents of any training. */
export function act(
  agents: readonly Agent[],
  observations: readonly Float64Array[],
  actions: readonly Float32Array[],
): void {
  torch.inferenceMode(() => {
    agents.forEach((agent, k) => {
      if (agent instanceof ScriptedAgent) agent.rule(observations[k], actions[k]);
      else torch.scope(() => actions[k].set(policyActions(agent, observations[k])));
    });
  });
}

function policyActions({ policy, shape }: LearningAgent, observations: Float64Array): Float32Array {
  const rows = observations.length / shape.observationSize;
  policy.eval();
  const input = torch.tensor(observations, { dtype: 'float32', shape: [rows, shape.observationSize] });
  return policy.call(input).toTypedArray() as Float32Array;
}
