/** Work on several processes. Each has a random generator of its own, so the numbers do not depend on how many. */
import { fork, type ChildProcess } from 'node:child_process';
import { InputError, messageOf } from '../checkpoints/input-error';

/** What a worker is told. `start` comes first, once. */
type Order<Start, Task> = { type: 'start'; start: Start } | { type: 'task'; task: Task };

/** What a worker tells. `ready`: it waits for a task. */
type Report<Event> =
  { type: 'ready' } | { type: 'event'; event: Event } | { type: 'error'; message: string; badInput: boolean };

/** Hands out one task after the other, each as soon as there is one; undefined when there will be no other. */
export interface TaskSource<Task> {
  next(): Promise<Task | undefined>;
}

export interface PoolOptions<Start, Event> {
  /** The file that the processes run: it calls {@link serveTasks}. */
  worker: string;
  /** What every worker is told before its first task; plain data. */
  start: Start;
  workers: number;
  signal: AbortSignal;
  onEvent: (event: Event) => void;
}

/**
 * Hands the tasks out, each to the next worker that is free.
 * @throws what stopped a worker, or the signal's reason; the other workers are then ended
 */
export async function runPool<Task, Start, Event>(
  tasks: TaskSource<Task>,
  options: PoolOptions<Start, Event>,
): Promise<void> {
  const { signal, workers } = options;
  signal.throwIfAborted();
  const children: ChildProcess[] = [];
  let abort: (() => void) | undefined;
  try {
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort);
    });
    const work = Array.from({ length: workers }, () => serve(tasks, children, options));
    await Promise.race([Promise.all(work), aborted]);
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
    for (const child of children) child.kill('SIGKILL');
  }
}

/** One worker from its start to the last task. */
function serve<Task, Start, Event>(
  tasks: TaskSource<Task>,
  children: ChildProcess[],
  { worker, start, onEvent }: PoolOptions<Start, Event>,
): Promise<void> {
  const child = fork(worker, { serialization: 'advanced' });
  children.push(child);
  const tell = (order: Order<Start, Task>): void => void child.send(order);
  tell({ type: 'start', start });
  return new Promise((resolve, reject) => {
    child.on('message', (report: Report<Event>) => {
      if (report.type === 'event') return onEvent(report.event);
      if (report.type === 'error')
        return reject(report.badInput ? new InputError(report.message) : new Error(report.message));
      void tasks.next().then((task) => {
        if (task !== undefined) return tell({ type: 'task', task });
        resolve();
        child.disconnect();
      });
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`a worker ended early (${signal ?? `code ${code}`})`)));
  });
}

/**
 * What a worker's file calls: `begin` once, then `work` for every task.
 * @param begin is handed what the pool was given as `start`, and a function that tells the pool of an event
 */
export function serveTasks<Start, Task, Context, Event>(
  begin: (start: Start, tell: (event: Event) => void) => Context,
  work: (context: Context, task: Task) => Promise<unknown>,
): void {
  const tell = (report: Report<Event>): void => void process.send?.(report);
  let context: { is: Context } | undefined;
  const obey = async (order: Order<Start, Task>): Promise<void> => {
    if (order.type === 'start') context = { is: begin(order.start, (event) => tell({ type: 'event', event })) };
    else if (context) await work(context.is, order.task);
    tell({ type: 'ready' });
  };
  process.on('message', (order: Order<Start, Task>) => {
    obey(order).catch((thrown: unknown) =>
      tell({ type: 'error', message: messageOf(thrown), badInput: thrown instanceof InputError }),
    );
  });
  // Ctrl-C reaches every process of the terminal: the command itself decides what is saved, and then ends its workers.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
}
