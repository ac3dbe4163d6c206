/**
 * Several processes that compute together.
 *
 *     const environment = distributed.rankEnvironment(); // torchrun's, Slurm's or Kubeflow's variables
 *     await distributed.withProcessGroup(environment, (group) => soo.finetune({ ...options, group }));
 */
export { rankEnvironment, type RankEnvironment } from './environment';
export { writeErrorFile } from './error-file';
export { isRankLost, ProcessGroup, RANK_TIMEOUT_MS, type ProcessGroupOptions, type Reduction } from './process-group';
export { EndedElsewhere, withProcessGroup } from './together';
