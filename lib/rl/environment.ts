/** What an agent sees and does. */
export interface AgentShape {
  readonly name: string;
  readonly observationSize: number;
  readonly actionSize: number;
}

/** Worlds of one kind that are stepped together. Arrays are live: `step` and `reset` write into the same ones. */
export interface Environment {
  readonly worlds: number;
  readonly agents: readonly AgentShape[];
  /** Per agent, `[worlds, observationSize]`. */
  readonly observations: readonly Float64Array[];
  /** Per agent, `[worlds]`: what the last step paid. */
  readonly rewards: readonly Float64Array[];
  /**
   * Begins an episode in every world. What world w draws depends on the environment's seed and `episodes[w]` alone,
   * not on how many worlds run beside it nor on what they did before.
   */
  reset(episodes: readonly number[]): void;
  /** Per agent, `[worlds, actionSize]`, each within -1..1: left as they are. */
  step(actions: readonly (Float32Array | Float64Array)[]): void;
}
