/** A thread that answers requests, one after the other, as its owner sees it. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../files/input-error';
import { arrivedError } from '../training/carried-errors';
import type { Order, Report, ThreadStart } from './messages';

/** Megabytes, as Node's own Worker takes them. */
interface ResourceLimits {
  maxOldGenerationSizeMb?: number;
  maxYoungGenerationSizeMb?: number;
  codeRangeSizeMb?: number;
  stackSizeMb?: number;
}

export interface ThreadOptions {
  /** Threads that one of its operators may use; by default as many as libtorch takes by itself. */
  threads?: number;
  /** Bounds of its JavaScript heap; tensors are not in it. */
  resourceLimits?: ResourceLimits;
}

export interface RequestOptions {
  /** Takes the request back: while it waits at once, and within a step when it is being worked on. */
  signal?: AbortSignal;
  /** What the work tells on its way. What it throws stops the work, and is what the request is rejected with. */
  onEvent?: (event: unknown) => void;
}

interface Request {
  id: number;
  job: string;
  args: unknown;
  onEvent: ((event: unknown) => void) | undefined;
  settle: { resolve: (result: unknown) => void; reject: (reason: unknown) => void };
  /** Why it was asked to stop. */
  stopped?: { reason: unknown };
}

export class RequestThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting: Request[] = [];
  #running: Request | undefined;
  #lastId = 0;
  /** Why no request is taken any more. */
  #ended: Error | undefined;

  /** @param file what the thread runs: see `serveRequests` */
  constructor(file: string, { threads, resourceLimits }: ThreadOptions = {}) {
    const workerData: ThreadStart = { threads };
    this.#worker = new Worker(file, { workerData, resourceLimits });
    this.#worker.unref(); // without a request nothing keeps the process waiting
    this.#worker.on('message', (report: Report) => this.#take(report));
    this.#worker.on('error', (error) => this.#die(new Error(`the compute worker ended: ${messageOf(error)}`)));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#die(new Error(`the compute worker ended early (code ${code})`));
        resolve();
      });
    });
  }

  /**
   * Asks for a piece of work, which begins when all that was asked before is done.
   * @throws what the work throws, as the same class; the signal's reason after an abort; an Error once the thread has ended
   */
  ask(job: string, args: unknown, { signal, onEvent }: RequestOptions = {}): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const request: Request = { id: ++this.#lastId, job, args, onEvent, settle: { resolve, reject } };
      const stop = (): void => this.#stop(request, signal?.reason);
      const left = (): void => signal?.removeEventListener('abort', stop);
      request.settle = {
        resolve: (result) => (left(), resolve(result)),
        reject: (reason) => (left(), reject(reason)),
      };
      signal?.addEventListener('abort', stop);
      this.#waiting.push(request);
      this.#next();
    });
  }

  /** Stops what is being worked on, within a step, drops what waits, and ends the thread. */
  async close(): Promise<void> {
    if (!this.#ended) {
      this.#ended = new Error('the compute worker is closed');
      for (const request of this.#waiting.splice(0)) request.settle.reject(this.#ended);
      this.#worker.ref();
      if (this.#running) this.#stop(this.#running, this.#ended);
      else this.#tell({ type: 'end' });
    }
    await this.#exited;
  }

  #tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  #next(): void {
    if (this.#running) return;
    const request = this.#waiting.shift();
    if (!request) return this.#worker.unref();
    const { id, job, args } = request;
    try {
      this.#tell({ type: 'request', id, job, args });
    } catch (thrown) {
      // A function, or an object with one in it, cannot be sent.
      request.settle.reject(new TypeError(`${job}: ${messageOf(thrown)}`));
      return this.#next();
    }
    this.#running = request;
    this.#worker.ref();
  }

  #stop(request: Request, reason: unknown): void {
    if (request === this.#running) {
      request.stopped ??= { reason };
      return this.#tell({ type: 'abort', id: request.id, reason: messageOf(reason) });
    }
    const at = this.#waiting.indexOf(request);
    if (at >= 0) this.#waiting.splice(at, 1);
    request.settle.reject(reason);
  }

  #take(report: Report): void {
    const request = this.#running;
    if (request?.id !== report.id) return;
    if (report.type === 'event') return this.#hand(request, report.event);
    this.#running = undefined;
    if (report.type === 'done') request.settle.resolve(report.result);
    else if (report.aborted) request.settle.reject(request.stopped?.reason);
    else request.settle.reject(arrivedError(report.error));
    if (this.#ended) this.#tell({ type: 'end' });
    else this.#next();
  }

  #hand(request: Request, event: unknown): void {
    try {
      request.onEvent?.(event);
    } catch (thrown) {
      this.#stop(request, thrown);
    }
  }

  /** The thread has ended: nobody will answer what was asked. */
  #die(reason: Error): void {
    this.#ended ??= reason;
    const pending = [...(this.#running ? [this.#running] : []), ...this.#waiting.splice(0)];
    this.#running = undefined;
    for (const request of pending) request.settle.reject(reason);
  }
}
