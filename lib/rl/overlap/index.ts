export { CLEAN_OVERLAP, OVERLAP_PRESETS, UPSTREAM_OVERLAP, type OverlapConfig } from './config';
export { FINETUNING_EPISODES, finetuningRun, type FinetuningOptions } from './finetuning';
export { overlapLoss, type OverlapBatch, type OverlapLoss } from './loss';
export { OverlapStep, type OverlapStepOptions } from './overlap-step';
