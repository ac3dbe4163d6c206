/** Work on several processes. Each has a random generator of its own, so the numbers do not depend on how many. */
import { fork, type ChildProcess } from 'node:child_process';
import { messageOf } from '../files/input-error';
import { arrivedError, carryError, type CarriedError } from './carried-errors';

/** What a worker is told. `start` comes first, once; `stop` asks it to save what it has, and to end. */
type Order<Start, Task> =
  { type: 'start'; start: Start } | { type: 'task'; task: Task } | { type: 'stop'; reason: string };

/** What a worker tells. `ready`: it waits for a task. */
type Report<Event> = { type: 'ready' } | { type: 'event'; event: Event } | { type: 'error'; error: CarriedError };

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
  /** Asks the workers to stop. */
  signal: AbortSignal;
  onEvent: (event: Event) => void;
}

/**
 * Hands the tasks out, each to the next worker that is free.
 * @throws what stopped a worker, and the others are then ended; after an abort its reason, once all workers have stopped
 */
export async function runPool<Task, Start, Event>(
  tasks: TaskSource<Task>,
  options: PoolOptions<Start, Event>,
): Promise<void> {
  const { signal, workers } = options;
  signal.throwIfAborted();
  const children: ChildProcess[] = [];
  const stop = (): void => {
    const order = { type: 'stop', reason: messageOf(signal.reason) } as const;
    for (const child of children) if (child.connected) child.send(order);
  };
  signal.addEventListener('abort', stop);
  try {
    await Promise.all(Array.from({ length: workers }, () => serve(tasks, children, options)));
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', stop);
    for (const child of children) child.kill('SIGKILL');
  }
}

/** One worker from its start to the last task, or until it has stopped. */
function serve<Task, Start, Event>(
  tasks: TaskSource<Task>,
  children: ChildProcess[],
  { worker, start, signal, onEvent }: PoolOptions<Start, Event>,
): Promise<void> {
  const child = fork(worker, { serialization: 'advanced' });
  children.push(child);
  const tell = (order: Order<Start, Task>): void => void child.send(order);
  tell({ type: 'start', start });
  return new Promise((resolve, reject) => {
    child.on('message', (report: Report<Event>) => {
      if (report.type === 'event') return onEvent(report.event);
      if (report.type === 'error') return reject(arrivedError(report.error));
      void tasks.next().then((task) => {
        if (signal.aborted) return;
        if (task !== undefined) return tell({ type: 'task', task });
        resolve();
        child.disconnect();
      });
    });
    child.on('error', reject);
    child.on('exit', (code, killer) => {
      if (signal.aborted && code === 0) resolve();
      else reject(new Error(`a worker ended early (${killer ?? `code ${code}`})`));
    });
  });
}

/**
 * What a worker's file calls: `begin` once, then `work` for every task.
 * @param begin is handed what the pool was given as `start`, a function that tells the pool of an event, and a signal: after
 * its abort `work` saves what it has and throws the reason
 */
export function serveTasks<Start, Task, Context, Event>(
  begin: (start: Start, tell: (event: Event) => void, signal: AbortSignal) => Context,
  work: (context: Context, task: Task) => Promise<unknown>,
): void {
  const tell = (report: Report<Event>): void => void process.send?.(report);
  const controller = new AbortController();
  const { signal } = controller;
  let context: { is: Context } | undefined;
  let working = false;
  const obey = async (order: Order<Start, Task>): Promise<void> => {
    if (order.type === 'stop') return controller.abort(new Error(order.reason));
    if (order.type === 'start') {
      context = { is: begin(order.start, (event) => tell({ type: 'event', event }), signal) };
    } else if (context) {
      working = true;
      await work(context.is, order.task).finally(() => (working = false));
    }
    if (!signal.aborted) tell({ type: 'ready' });
  };
  process.on('message', (order: Order<Start, Task>) => {
    void obey(order)
      .catch((thrown: unknown) => {
        if (thrown === signal.reason) return;
        tell({ type: 'error', error: carryError(thrown) });
      })
      .then(() => {
        if (signal.aborted && !working) process.disconnect();
      });
  });
  // Ctrl-C reaches every process of the terminal: the command itself decides, and tells its workers.
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => undefined);
  process.on('disconnect', () => process.exit(0));
}
