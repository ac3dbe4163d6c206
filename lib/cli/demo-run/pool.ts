/** Runs on several processes. Each has a random generator of its own, so the numbers do not depend on how many. */
import { fork, type ChildProcess } from 'node:child_process';
import { torch } from '../../torch';
import type { RunEvent } from './one-run';
import type { Planned, RunQueue } from './run-queue';
import type { DemoSettings } from './settings';

/** What a worker is told. */
export type Order =
  | { type: 'start'; folder: string; logFolder: string; settings: DemoSettings; threads: number }
  | { type: 'run'; planned: Planned };

/** What a worker tells. `ready`: it waits for a run. */
export type Report = { type: 'ready' } | { type: 'event'; event: RunEvent } | { type: 'error'; message: string };

export interface PoolOptions {
  workers: number;
  folder: string;
  logFolder: string;
  settings: DemoSettings;
  signal: AbortSignal;
  onEvent: (event: RunEvent) => void;
}

/**
 * Hands the runs out, each to the next worker that is free.
 * @throws what stopped a worker, or the signal's reason; the other workers are then ended
 */
export async function runPool(queue: RunQueue, options: PoolOptions): Promise<void> {
  const { signal, workers } = options;
  signal.throwIfAborted();
  const children: ChildProcess[] = [];
  let abort: (() => void) | undefined;
  try {
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abort);
    });
    const work = Array.from({ length: workers }, () => serve(queue, children, options));
    await Promise.race([Promise.all(work), aborted]);
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
    for (const child of children) child.kill('SIGKILL');
  }
}

/** One worker from its start to an empty queue. */
function serve(queue: RunQueue, children: ChildProcess[], options: PoolOptions): Promise<void> {
  const { folder, logFolder, settings, onEvent } = options;
  const child = fork(require.resolve('./worker'), { serialization: 'advanced' });
  children.push(child);
  const tell = (order: Order): void => void child.send(order);
  tell({ type: 'start', folder, logFolder, settings, threads: torch.getNumThreads() });
  return new Promise((resolve, reject) => {
    child.on('message', (report: Report) => {
      if (report.type === 'event') return onEvent(report.event);
      if (report.type === 'error') return reject(new Error(report.message));
      void queue.next().then((planned) => {
        if (planned) return tell({ type: 'run', planned });
        resolve();
        child.disconnect();
      });
    });
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      reject(new Error(`a worker of the demo ended early (${signal ?? `code ${code}`})`)),
    );
  });
}
