/** A process of a study's pool: loads the model, then takes tasks as it is told. */
import { loadModel, type LoadOptions } from '../../models';
import { torch } from '../../torch';
import { serveTasks } from '../../training/worker-pool';
import type { StudyPlan } from './plan';
import { contextOf, type StudyContext, type StudyEvent } from './context';
import { takeTask } from './task';

export interface WorkerStart {
  plan: StudyPlan;
  load: LoadOptions;
  threads: number;
}

function begin(
  { plan, load, threads }: WorkerStart,
  tell: (event: StudyEvent) => void,
  signal: AbortSignal,
): StudyContext {
  torch.setNumThreads(threads);
  return contextOf(plan, loadModel(plan.model.path, load), signal, tell);
}

serveTasks(begin, takeTask);
