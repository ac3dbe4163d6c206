/** A process of a repetition's pool: loads the model, then tunes and measures as it is told. */
import { loadModel, type LoadOptions } from '../../models';
import { torch } from '../../torch';
import { serveTasks } from '../../training/worker-pool';
import { contextOf, takeModel, type RepetitionContext, type RepetitionEvent, type RepetitionPlan } from './task';

export interface WorkerStart extends RepetitionPlan {
  modelPath: string;
  load: LoadOptions;
  threads: number;
}

function begin(
  { modelPath, load, threads, ...plan }: WorkerStart,
  tell: (event: RepetitionEvent) => void,
  signal: AbortSignal,
): RepetitionContext {
  torch.setNumThreads(threads);
  return contextOf(plan, loadModel(modelPath, load), signal, tell);
}

serveTasks(begin, takeModel);
