/** A process of the demo's pool: loads the model, then makes runs as they are handed to it. */
import { buildEvaluationSets } from '../../organism';
import { loadModel } from '../../models';
import { torch } from '../../torch';
import { serveTasks } from '../../training/worker-pool';
import { makeRun, type RunContext, type RunEvent } from './task';
import type { DemoSettings } from './plan';

export interface WorkerStart {
  folder: string;
  logFolder: string;
  settings: DemoSettings;
  threads: number;
}

function begin(
  { folder, logFolder, settings, threads }: WorkerStart,
  onEvent: (event: RunEvent) => void,
  signal: AbortSignal,
): RunContext {
  torch.setNumThreads(threads);
  const { promptsPerFamily: n, promptSeed: seed } = settings;
  const sets = buildEvaluationSets({ split: 'test', n, seed });
  return { model: loadModel(folder), sets, settings, logFolder, signal, onEvent };
}

serveTasks(begin, makeRun);
