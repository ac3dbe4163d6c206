/** A process of the reproduction's pool: trains or tunes agents as they are handed to it. */
import type { Origin } from '../../report';
import { reproduction } from '../../rl';
import { torch } from '../../torch';
import { serveTasks } from '../../training/worker-pool';

export interface WorkerStart {
  out: string;
  plan: reproduction.ReproductionPlan;
  origin: Origin;
}

/** How far an agent is. */
export interface TaskEvent {
  task: reproduction.Task;
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

async function work({ tell, ...options }: Context, task: reproduction.Task): Promise<void> {
  const { episodes } = await reproduction.performTask(task, {
    ...options,
    onGroup({ episodes }) {
      if (episodes % NOTE_EVERY === 0) tell({ task, episodes, done: false });
    },
  });
  tell({ task, episodes, done: true });
}

serveTasks(begin, work);
