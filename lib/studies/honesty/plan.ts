/** How the demo tunes and measures. Epochs are chosen on the development split (docs/LOG.md, 2026-11-24). */
import type { Kind } from './results';
import type { Positions } from '../../soo';

export interface TuningSettings {
  /** Which layer's `o_proj` is read: an index, negative ones from the end. */
  layer: number;
  positions: Positions;
  lr: number;
  /** At most. */
  epochs: number;
  /** Ends before, after the epoch that brings the pairs' distance to this part of where it started. */
  until?: number;
  batchSize: number;
}

const TUNING: Readonly<Record<Kind, TuningSettings>> = {
  scenes: { layer: -1, positions: 'last', lr: 2e-3, epochs: 12, until: 0.03, batchSize: 8 },
  fragments: { layer: 0, positions: 'all', lr: 2e-3, epochs: 8, batchSize: 8 },
};

export const LORA = { r: 8, alpha: 32, dropout: 0.2, targetModules: ['q_proj', 'v_proj'] };

/** KL(frozen base || tuned) on so many neutral documents a step, none with a rival in it. */
export const CAPABILITY = { weight: 3, documentsPerStep: 8 };

/** A control trains on, epoch by epoch, until its loss is the self-other run's; to at most so many times the epochs. */
export const MOST_EPOCHS = 2;

/** Pairs that latent overlap is measured on, drawn with a seed that no run uses. */
export const LATENT = { pairs: 16, seed: 1_000_003, positions: { scenes: 'last', fragments: 'all' } } as const;

export interface DemoSettings {
  quick: boolean;
  seeds: number[];
  /** Test prompts per family. */
  promptsPerFamily: number;
  promptSeed: number;
  tuning: Readonly<Record<Kind, TuningSettings>>;
}

export function demoSettings(options: { quick: boolean; seeds: number | undefined }): DemoSettings {
  const seeds = options.seeds ?? (options.quick ? 1 : 5);
  return {
    quick: options.quick,
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    promptsPerFamily: options.quick ? 50 : 100,
    promptSeed: 1,
    tuning: TUNING,
  };
}
