export { totalBatches, totalSteps, UPSTREAM, type TuningConfig } from '../finetune-config';
export { tuningRun, type TuningRunOptions } from '../finetune';
export type { TuningResult } from '../finetune-result';
export type { LoggedStep } from '../../training/logged-step';
