export { judge, THRESHOLDS, type Evidence } from './claims';
export { measureAgents, type Measurement, type PairAccuracy } from './measurement';
export {
  folderOf,
  foldersOf,
  FULL,
  nameOf,
  QUICK,
  queueOf,
  tasksOf,
  withSeeds,
  type ReproductionPlan,
  type Task,
} from './plan';
export { performTask, type TaskOptions } from './task';
export { reproduce, type Reproduced, type ReproduceOptions } from './run';
export { readRlResults, RL_FORMAT, rlResultsSchema, writeRlResults, type RlResults } from './results';
