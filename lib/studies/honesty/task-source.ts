/** Which task a process takes next: any that is left, and none that another process is at. */
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskSource } from '../../training/worker-pool';
import { stateOf, type Task } from './tasks';
import type { StudyEvent } from './context';

/** How often the folder is looked at while others have all that is left. */
const POLL_MS = 500;
/** A task that another process has is asked for again after so long: that process may be gone. */
const RETRY_MS = 2000;

/**
 * Hands out the tasks of a folder as long as any is left. Who takes one claims it; what turns out to be another's comes
 * back later. It waits for others to the end: then the folder is whole.
 */
export class OpenTasks implements TaskSource<Task> {
  readonly #handed = new Set<string>();
  readonly #notBefore = new Map<string, number>();
  #closed = false;

  constructor(
    private readonly folder: string,
    private readonly tasks: readonly Task[],
    /** Told when all that is left is in the hands of others. */
    private readonly onWait: () => void,
  ) {}

  async next(): Promise<Task | undefined> {
    while (!this.#closed) {
      const left = this.tasks.filter(({ id }) => stateOf(this.folder, id).status === 'left');
      if (left.length === 0) return undefined;
      const open = left.find(({ id }) => !this.#handed.has(id) && (this.#notBefore.get(id) ?? 0) <= Date.now());
      if (open) {
        this.#handed.add(open.id);
        return open;
      }
      if (this.#handed.size === 0) this.onWait();
      await delay(POLL_MS);
    }
    return undefined;
  }

  ended({ id, as }: Extract<StudyEvent, { type: 'ended' }>): void {
    this.#handed.delete(id);
    if (as === 'taken') this.#notBefore.set(id, Date.now() + RETRY_MS);
  }

  /** Nothing is handed out any more. */
  close(): void {
    this.#closed = true;
  }
}
