/** The thread's side: it works on one request after the other and listens meanwhile. */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { carryError } from '../training/carried-errors';
import type { Order, Report } from './messages';

/** What a piece of work is given beside its arguments. */
export interface Running<Event = never> {
  readonly signal: AbortSignal;
  tell(event: Event): void;
  /** For work that never lets others go on: looks for an abort. @throws the signal's reason after one */
  look(): void;
}

/** What can be asked for, by name; a result is plain data. */
export type Jobs<Context> = Readonly<
  Record<string, (context: Context, args: unknown, running: Running<unknown>) => unknown>
>;

/**
 * What a thread's file calls. Each request names one of the jobs.
 * @param context what the jobs share
 */
export function serveRequests<Context>(context: Context, jobs: Jobs<Context>): void {
  const port = parentPort;
  if (!port) throw new Error('serveRequests: wanted the thread of a worker, got the main thread');
  const tell = (report: Report): void => port.postMessage(report);
  let running: { id: number; controller: AbortController } | undefined;

  async function work(id: number, job: string, args: unknown): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    running = { id, controller };
    const look = (): void => {
      for (let found; (found = receiveMessageOnPort(port as NonNullable<typeof port>));) obey(found.message as Order);
      signal.throwIfAborted();
    };
    try {
      const result = await jobs[job](context, args, {
        signal,
        look,
        tell: (event) => tell({ type: 'event', id, event }),
      });
      tell({ type: 'done', id, result });
    } catch (thrown) {
      tell({ type: 'failed', id, error: carryError(thrown), aborted: signal.aborted && thrown === signal.reason });
    }
  }

  function obey(order: Order): void {
    if (order.type === 'request') void work(order.id, order.job, order.args);
    else if (order.type === 'end') process.exit(0);
    else if (running?.id === order.id) running.controller.abort(new Error(order.reason));
  }

  port.on('message', obey);
}
