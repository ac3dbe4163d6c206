/** The settings of one fine-tuning run, as they are kept beside its results. */
import type { LoraConfig } from '../peft';
import type { Positions } from './positions';

export interface TuningConfig {
  /** `kl`: upstream's code, on the next-token distributions; `mse`: the paper, on `o_proj` of one layer. */
  loss: 'kl' | 'mse';
  /** Of `mse`; counts from 0. */
  layer: number | null;
  /** `all` counts every column, pads included, as upstream does; `real` leaves pads out. */
  positions: Positions | 'real';
  /** Holds the self side still, so that the other side moves towards it. */
  detachSelf: boolean;
  /** Weight of the capability term, KL(frozen base || tuned) on neutral texts; 0 for none. */
  capability: number;
  /** Tokens to which prompts count as padded, and after which they are cut; or the longest of each batch. */
  pad: number | 'longest';
  batch: number;
  /** Batches whose gradients make one step of the optimiser. */
  accumulate: number;
  /** Drops the gradients left over at an epoch's end, as upstream's loop does. */
  dropLeftover: boolean;
  shuffle: boolean;
  epochs: number;
  /** Stops after this many steps of the optimiser; null for whole epochs. */
  maxSteps: number | null;
  lr: number;
  weightDecay: number;
  /** How the learning rate goes after the warm-up; `linear` and `cosine` end at 0. */
  schedule: 'constant' | 'linear' | 'cosine';
  warmupSteps: number;
  maxGradNorm: number | null;
  seed: number;
  /** Computes the layers again in the backward pass instead of keeping what they made; changes no result. */
  gradientCheckpointing: boolean;
  lora: LoraConfig & { dropout: number };
}

/**
 * Upstream's published settings (SOO-Honest-AI, "LLM experiments"): 20 epochs of batches of 4, 4 to a step, the 13th
 * batch of an epoch dropped, prompts padded to 128 tokens and the pads counted. They are the defaults but for the
 * leftover batch, which is otherwise kept.
 */
export const UPSTREAM: TuningConfig = {
  loss: 'kl',
  layer: null,
  positions: 'all',
  detachSelf: false,
  capability: 0,
  pad: 128,
  batch: 4,
  accumulate: 4,
  dropLeftover: true,
  shuffle: true,
  epochs: 20,
  maxSteps: null,
  lr: 5e-5,
  weightDecay: 0,
  schedule: 'constant',
  warmupSteps: 0,
  maxGradNorm: null,
  seed: 276,
  gradientCheckpointing: false,
  lora: { r: 8, alpha: 32, dropout: 0.2, targetModules: ['q_proj', 'v_proj'] },
};

export const batchesPerEpoch = (pairs: number, { batch }: TuningConfig): number => Math.ceil(pairs / batch);

/** Steps of the optimiser in a whole run. */
export function totalSteps(pairs: number, config: TuningConfig): number {
  const perEpoch = batchesPerEpoch(pairs, config);
  const { accumulate, epochs, dropLeftover, maxSteps } = config;
  const whole = dropLeftover ? Math.floor(perEpoch / accumulate) * epochs : Math.ceil((perEpoch * epochs) / accumulate);
  return Math.min(whole, maxSteps ?? Infinity);
}

/** Batches in a whole run: with a limit on steps it ends with the batch that fills the last one. */
export function totalBatches(pairs: number, config: TuningConfig): number {
  const perEpoch = batchesPerEpoch(pairs, config);
  const { accumulate, epochs, dropLeftover, maxSteps } = config;
  if (maxSteps === null) return perEpoch * epochs;
  if (!dropLeftover) return Math.min(perEpoch * epochs, maxSteps * accumulate);
  const stepsPerEpoch = Math.floor(perEpoch / accumulate);
  if (stepsPerEpoch === 0) return perEpoch * epochs;
  const wholeEpochs = Math.floor((maxSteps - 1) / stepsPerEpoch);
  return Math.min(perEpoch * epochs, wholeEpochs * perEpoch + (maxSteps - wholeEpochs * stepsPerEpoch) * accumulate);
}
