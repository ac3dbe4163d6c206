/**
 * Self-other overlap: pairs, losses, the fine-tuning loop, and latent overlap.
 *
 * - `pairBatch(pairs)` pads token pairs; `shuffledBatches(items, { batchSize, epochs, seed })` orders them.
 * - `mseLoss(model, { at, positions, detachSelf })`, `klLoss(model, { positions, detachSelf })` are losses over pair
 *   batches; `capabilityLoss(model, adapter)` one over documents; `weightedSum({ name: [weight, loss] })` adds them up.
 * - `finetune({ model, parameters, optimizer, loss, batches, ... })` takes one step per batch.
 * - `latentOverlap(model, pairs)` measures as upstream does.
 */
export {
  pairBatch,
  shuffledBatches,
  type PairBatch,
  type PairBatchOptions,
  type PairSide,
  type TokenPair,
} from './pairs';
export { compareAt, POSITIONS, type Compared, type PositionChoice, type Positions } from './positions';
export { batchMeanKl, meanKl, meanSquare } from './distances';
export { activationOf, joint, logitsOf } from './forward';
export {
  capabilityLoss,
  klLoss,
  mseLoss,
  weightedSum,
  type Loss,
  type LossParts,
  type OverFrozenBase,
  type OverlapOptions,
} from './losses';
export { gradientNorms, type GradientNorm, type NamedParameter } from '../training/gradients';
export { finetune, NonFiniteError, type FinetuneOptions, type Position, type StepRecord } from '../training/train';
export { latentOverlap, latentOverlaps, type LatentOptions, type LatentOverlap } from './latent';
export {
  totalBatches,
  totalSteps,
  tuningRun,
  UPSTREAM,
  type LoggedStep,
  type TuningConfig,
  type TuningResult,
  type TuningRunOptions,
} from './tuning-run';
