export { CLEAN_OVERLAP, OVERLAP_PRESETS, overlapSchema, UPSTREAM_OVERLAP, type OverlapConfig } from './config';
export { FINETUNING_EPISODES, type FinetuningOptions } from './finetune';
export { overlapLoss, type OverlapBatch, type OverlapLoss } from './loss';
export { OverlapStep, type OverlapStepOptions } from './overlap-step';
