/**
 * What every run is made of: the loop, its checkpoints, its folder, the queue and processes that work side by side,
 * TensorBoard's events, and the origin of results.
 */
export { gradientNorms, type GradientNorm, type NamedParameter } from './gradients';
export { hashBytes, hashFile, hashFolder, hashJson, originOf, originSchema, type Origin } from './origin';
export { LossScaler, type LossScale, type LossScalerOptions } from './loss-scaler';
export { noProgress, type Progress, type StartProgress } from './progress';
export { TaskQueue, type Queued, type QueueOptions } from './queue';
export { gradNormOf, stepRecordSchema, type StepRecord } from './step-record';
export { EventFile, jsonText, stepLog, type EventFileOptions } from './tensorboard';
export { type Loss, type LossParts } from './loss';
export { type InPieces } from './pieces';
export { NonFiniteError, train, type Position, type TrainOptions } from './train';
