/** The settings of MADDPG training: what each is and may be, and the two presets. */
import { z } from 'zod';

const whole = (min: number, max = 1e9) =>
  z.int('must be a whole number').min(min, `must be at least ${min}`).max(max, `must be at most ${max}`);
const number = z.number('must be a number');
const above0 = number.gt(0, 'must be above 0');
const share = number.min(0, 'must be at least 0').max(1, 'must be at most 1');

export const noiseSchema = z.object({
  /** Share of the way back to 0 that the process goes in a step. */
  theta: number,
  /** Deviation of what is added in a step. */
  sigma: number,
  /** What the process is multiplied by before it is added to an action: at first, and from `episodes` on. */
  scale: number,
  finalScale: number,
  /** The scale falls linearly. */
  episodes: whole(0).describe('episodes over which the noise decays'),
});
export type NoiseConfig = z.infer<typeof noiseSchema>;

/** What upstream's code does beside what its paper says, each by name. */
export const quirksSchema = z.object({
  /**
   * The replay holds actions times 5, as they are after upstream's world has scaled them in place, while the policies'
   * own actions reach the critics unscaled (docs/rl.md, Q2).
   */
  scaledActions: z.boolean(),
  /** The noise advances three times for each step of the world, and the third is applied (Q3). */
  tripleNoise: z.boolean(),
  /** The last step of an episode is followed by what its last observation is worth; otherwise by nothing (Q14). */
  bootstrapThroughTimeLimit: z.boolean(),
});
export type Quirks = z.infer<typeof quirksSchema>;

export const maddpgSchema = quirksSchema.extend({
  seed: whole(0).describe('draws weights, worlds, noise and batches'),
  episodes: whole(1).describe('episodes'),
  /** Steps of an episode. */
  episodeLength: whole(1, 1e4),
  worlds: whole(1, 1e4).describe('worlds that are stepped together'),
  hiddenSize: whole(1, 65_536),
  gamma: share,
  /** Share of the way to the learned network that its target goes after each round. */
  tau: share,
  lr: above0.describe('step size of both networks'),
  batch: whole(2, 1e5).describe('transitions of one update'),
  /** Transitions that the replay buffer holds; the oldest go first. */
  bufferSize: whole(1, 1e7),
  /** In a round of updates every agent learns from one batch of its own. */
  stepsPerRound: whole(1).describe('steps of single worlds for each round of updates'),
  maxGradNorm: above0,
  /** Weight of the mean square of an agent's own actions in its policy's loss. */
  actionPenalty: number,
  noise: noiseSchema,
});
export type MaddpgConfig = z.infer<typeof maddpgSchema>;

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
