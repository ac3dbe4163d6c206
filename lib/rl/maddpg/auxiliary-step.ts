import type { LearningAgent } from './agents';

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
