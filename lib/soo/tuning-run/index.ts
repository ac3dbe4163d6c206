export { totalBatches, totalSteps, UPSTREAM, type TuningConfig } from './config';
export { moduleAt } from './losses';
export { tuningRun, type TuningRunOptions } from './run';
export type { TuningResult } from './result';
export type { LoggedStep } from './logged-step';
