/** What the two sides of a compute worker send each other. */
import type { CarriedError } from '../training/carried-errors';

/** What the thread is given as it starts. */
export interface ThreadStart {
  /** Threads that one operator may use there; undefined: as many as libtorch takes by itself. */
  threads: number | undefined;
}

/** What the thread is told. `abort` asks it to stop that request, `end` to end when it has none. */
export type Order =
  | { type: 'request'; id: number; job: string; args: unknown }
  | { type: 'abort'; id: number; reason: string }
  | { type: 'end' };

/** What the thread tells of a request. */
export type Report =
  | { type: 'event'; id: number; event: unknown }
  | { type: 'done'; id: number; result: unknown }
  /** `aborted`: it was stopped as it was asked to. */
  | { type: 'failed'; id: number; error: CarriedError; aborted: boolean };
