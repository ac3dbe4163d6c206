export { metaFromFile } from './state';
export { Adam, AdamW, TransformersAdamW } from './adam';
export type { AdamOptions, GroupInput, ParamGroup } from './groups';
export type { OptimizerState } from './state';
export { clipGradNorm, clipGradValue, gradNorms, jointGradNorm, scaleGrads } from './clip';
export { warmup, linear, cosine, Scheduler, type Schedule } from './schedule';
