/** How the demo tunes and measures. Epochs are chosen on the development split (docs/log/organism.md, 2026-11-24). */
import type { LanguageModel } from '../../models';
import { CLEAN, type FinetuneConfig, type Positions } from '../../soo';
import type { Planned } from './queue';
import type { Kind } from './results';

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

export function demoSettings({ quick, seeds }: { quick: boolean; seeds?: readonly number[] }): DemoSettings {
  return {
    quick,
    seeds: [...(seeds ?? (quick ? [1] : [1, 2, 3, 4, 5]))],
    promptsPerFamily: quick ? 50 : 100,
    promptSeed: 1,
    tuning: TUNING,
  };
}

const layerOf = ({ config }: LanguageModel, { layer }: TuningSettings): number =>
  layer < 0 ? config.numHiddenLayers + layer : layer;

/** Dotted name of the module whose output the loss compares. */
export const moduleOf = (model: LanguageModel, settings: TuningSettings): string =>
  model.attentionOutput(layerOf(model, settings));

/**
 * The settings of one run.
 *
 * Matched loss: a control has the self-other run's seed, steps, batches, learning rate and capability term, and its
 * loss is divided by the same number, that run's starting distance. A loss that starts near 0 would otherwise be blown
 * up. Then it goes on, epoch by epoch, until its distance is no larger than where the self-other run ended. Retention
 * alone has no distance to close: it takes the self-other run's steps without the overlap loss.
 */
export function configOf(
  model: LanguageModel,
  settings: TuningSettings,
  { pairs, seed, beside }: Planned,
): FinetuneConfig {
  const { positions, lr, batchSize, epochs, until } = settings;
  const shared: FinetuneConfig = {
    ...CLEAN,
    loss: 'mse',
    layer: layerOf(model, settings),
    positions: positions === 'all' ? 'real' : positions,
    numbering: 'real',
    detachSelf: true,
    overlapUnit: beside?.distance.start ?? 'start',
    capability: CAPABILITY.weight,
    documentsPerBatch: CAPABILITY.documentsPerStep,
    batch: batchSize,
    accumulate: 1,
    epochs,
    measureDistance: true,
    optimizer: 'adamw',
    lr,
    weightDecay: 0.01,
    seed,
    lora: LORA,
  };
  if (!beside) return { ...shared, untilShare: until ?? null };
  if (pairs === 'retention') return { ...shared, overlap: 0, epochs: beside.epochs };
  const most = beside.epochs * MOST_EPOCHS;
  return { ...shared, epochs: most, leastEpochs: beside.epochs, untilDistance: beside.distance.end };
}
