/** A process of the demo's pool: loads the model, then makes runs as they are handed to it. */
import { buildEvaluationSets } from '../../organism';
import { loadModel } from '../../models';
import { torch, type DeviceLike } from '../../torch';
import { serveTasks } from '../../training/worker-pool';
import { makeRun, type RunContext, type RunEvent, type RunPlan } from './task';

export interface WorkerStart extends RunPlan {
  modelFolder: string;
  device: DeviceLike;
  threads: number;
}

function begin(
  { modelFolder, device, threads, ...plan }: WorkerStart,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): RunContext {
  torch.setNumThreads(threads);
  const { promptsPerFamily: n, promptSeed: seed } = plan.settings;
  const sets = buildEvaluationSets({ split: 'test', n, seed });
  return { ...plan, organism: loadModel(modelFolder, { device, dtype: 'float32' }), sets, signal, onEvent };
}

serveTasks(begin, makeRun);
