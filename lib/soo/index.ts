/**
 * Self-other overlap: pairs, losses, the fine-tuning loop, and latent overlap.
 *
 * - `pairBatch(pairs)` pads token pairs; `shuffledBatches(items, { batchSize, epochs, seed })` orders them.
 * - `mseLoss(model, { at, positions, detachSelf })`, `klLoss(model, { positions, detachSelf })` are losses over pair
 *   batches; `capabilityLoss(model, adapter)` one over documents; `weightedSum({ name: [weight, loss] })` adds them up.
 * - `finetune({ folder, model, pairs, config, ... })` tunes an adapter in a folder of its own; `training.train` is its loop.
 * - `latentOverlap(model, pairs)` measures as upstream does.
 */
export {
  encodePairs,
  pairBatch,
  shuffledBatches,
  type PairBatch,
  type PairBatchOptions,
  type PairSide,
  type TokenPair,
  type TuningPair,
} from './pairs';
export { nameControl, randomControl, shuffledControl, underAnotherName, wordingControl } from './control-pairs';
export { compareAt, POSITIONS, type Compared, type PositionChoice, type Positions } from './positions';
export { batchMeanKl, meanKl, meanSquare } from './distances';
export { activationOf, logitsOf, type OverFrozenBase } from './forward';
export {
  capabilityLoss,
  klLoss,
  mseLoss,
  nextTokenLoss,
  pairDistance,
  weightedSum,
  type OverlapOptions,
} from './losses';
export { keepBack, watchedPairs } from './watched-pairs';
export { measureSites, sitesOf, type Site, type SiteValues } from './collapse-measure';
export { keptText, monitorScalars, watchText } from './collapse-text';
export {
  CONSTANT,
  MONITOR,
  monitorRecordSchema,
  monitorSummarySchema,
  type MonitorRecord,
  type MonitorSummary,
} from './collapse-watch';
export { contrast, lostDifference, lostVariance } from './keeping-formulas';
export { KEEPING, keepingLosses, type Keeping, type KeepingOptions } from './keeping-losses';
export { latentMeans, latentOverlap, latentOverlaps, type LatentOptions, type LatentOverlap } from './latent';
export { finetune, readSteps, type FinetuneOptions, type FinetuneResult } from './finetune';
export {
  CLEAN,
  finetuneConfigSchema,
  finetuneSettings,
  isRisky,
  loraSettings,
  paperLayer,
  readsLayer,
  RISK,
  totalBatches,
  totalSteps,
  UPSTREAM,
  type FinetuneConfig,
} from './finetune-config';
