/// <reference lib="esnext.disposable" preserve="true" />
/** soo-torch: libtorch for Node.js, and self-other overlap fine-tuning on it. One name for each floor of `lib`. */
export {
  DTYPES,
  Device,
  Event,
  Generator,
  MappedFile,
  Scope,
  Stream,
  Tensor,
  formatTensor,
  isDType,
  torch,
} from './torch';
export type * from './torch';
export * as checkpoints from './checkpoints';
export * as compute from './compute';
export * as distributed from './distributed';
export * as evals from './evals';
export * as hub from './hub';
export * as models from './models';
export * as nn from './nn';
export * as organism from './organism';
export * as optim from './optim';
export * as peft from './peft';
export * as report from './report';
export * as rl from './rl';
export * as soo from './soo';
export * as statistics from './statistics';
export * as studies from './studies';
export * as text from './text';
export * as training from './training';
