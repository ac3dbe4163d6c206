/**
 * Computing beside the event loop: `worker()` starts a thread that holds a model, and every request to it is a promise or
 * an async iterator. The functions of `models` and `soo` do the same on the thread that calls them.
 */
export {
  ComputeWorker,
  worker,
  type CapturedActivations,
  type WorkerCaptureOptions,
  type WorkerFinetuneOptions,
  type WorkerGenerateOptions,
  type WorkerLoadOptions,
  type WorkerOverlapOptions,
} from './compute-worker';
export type { Pairs } from './finetune-job';
export type { GeneratedAnswer, GeneratedPiece } from './generate-job';
export type { ModelInfo, PromptOptions, Prompts } from './held-model';
export type { LoadProgress } from './jobs';
export type { ThreadOptions } from './request-thread';
