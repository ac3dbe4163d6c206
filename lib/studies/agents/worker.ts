/** A process of the reproduction's pool: trains or tunes agents as they are handed to it. */
import type { Origin } from '../../report';
import { torch } from '../../torch';
import { serveTasks } from '../../training/worker-pool';
import type { ReproductionPlan, Task } from './plan';
import { performTask } from './task';

export interface WorkerStart {
  out: string;
  plan: ReproductionPlan;
  origin: Origin;
}

/** How far an agent is. */
export interface TaskEvent {
  task: Task;
  episodes: number;
  done: boolean;
}

type Context = WorkerStart & { tell: (event: TaskEvent) => void; signal: AbortSignal };

/** Between two messages about one agent. */
const NOTE_EVERY = 500;

function begin(start: WorkerStart, tell: (event: TaskEvent) => void, signal: AbortSignal): Context {
  torch.setNumThreads(1);
  return { ...start, tell, signal };
}

async function work({ tell, ...options }: Context, task: Task): Promise<void> {
  const { episodes } = await performTask(task, {
    ...options,
    onGroup({ episodes }) {
      if (episodes % NOTE_EVERY === 0) tell({ task, episodes, done: false });
    },
  });
  tell({ task, episodes, done: true });
}

serveTasks(begin, work);
