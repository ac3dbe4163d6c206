/** The settings of MADDPG training, and the two presets. */

export interface NoiseConfig {
  /** Share of the way back to 0 that the process goes in a step. */
  theta: number;
  /** Deviation of what is added in a step. */
  sigma: number;
  /** What the process is multiplied by before it is added to an action: at first, and from `episodes` on. */
  scale: number;
  finalScale: number;
  /** Episodes over which the scale falls linearly. */
  episodes: number;
}

/** What upstream's code does beside what its paper says, each by name. */
export interface Quirks {
  /**
   * The replay holds actions times 5, as they are after upstream's world has scaled them in place, while the policies'
   * own actions reach the critics unscaled (docs/rl.md, Q2).
   */
  scaledActions: boolean;
  /** The noise advances three times for each step of the world, and the third is applied (Q3). */
  tripleNoise: boolean;
  /** The last step of an episode is followed by what its last observation is worth; otherwise by nothing (Q14). */
  bootstrapThroughTimeLimit: boolean;
}

export interface MaddpgConfig extends Quirks {
  seed: number;
  episodes: number;
  /** Steps of an episode. */
  episodeLength: number;
  /** Worlds that are stepped together. */
  worlds: number;
  hiddenSize: number;
  gamma: number;
  /** Share of the way to the learned network that its target goes after each round. */
  tau: number;
  lr: number;
  batch: number;
  /** Transitions that the replay buffer holds; the oldest go first. */
  bufferSize: number;
  /** Steps of single worlds for each round of updates, in which every agent learns from one batch of its own. */
  stepsPerRound: number;
  maxGradNorm: number;
  /** Weight of the mean square of an agent's own actions in its policy's loss. */
  actionPenalty: number;
  noise: NoiseConfig;
}

/** Upstream's settings ("RL experiments" of SOO-Honest-AI, README and main.py's defaults), its quirks among them. */
export const UPSTREAM: MaddpgConfig = {
  seed: 1,
  episodes: 40_000,
  episodeLength: 50,
  worlds: 100,
  hiddenSize: 64,
  gamma: 0.95,
  tau: 0.01,
  lr: 0.01,
  batch: 1024,
  bufferSize: 1e6,
  stepsPerRound: 100,
  maxGradNorm: 0.5,
  actionPenalty: 1e-3,
  noise: { theta: 0.15, sigma: 0.2, scale: 0.3, finalScale: 0, episodes: 25_000 },
  scaledActions: true,
  tripleNoise: true,
  bootstrapThroughTimeLimit: true,
};

/**
 * The same without the quirks that are mistakes. Critics see replayed actions in the units of the policies' own, so that
 * what they learn is about the actions they are asked about; and the noise advances once a step, as its theta and sigma
 * are meant. Looking beyond the time limit stays: the limit is no part of what an agent sees, and what comes after is
 * worth what it is worth (Pardo et al. 2018, "Time Limits in Reinforcement Learning").
 */
export const CLEAN: MaddpgConfig = { ...UPSTREAM, scaledActions: false, tripleNoise: false };

export const PRESETS = { upstream: UPSTREAM, clean: CLEAN } as const;
export type PresetName = keyof typeof PRESETS;
