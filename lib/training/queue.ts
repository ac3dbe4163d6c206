/** Which task comes next: some can only begin when another has ended well. */
import type { TaskSource } from './worker-pool';

export interface Queued<Task, Outcome> {
  /** Unique in a queue. */
  id: string;
  /** The id of the task that it waits for; null for none. */
  after: string | null;
  /** The task, given what the one that it waited for came to; null when it waited for none. */
  task: (before: Outcome | null) => Task;
}

export interface QueueOptions {
  /** Whether tasks that open go ahead of all that are ready, or stand where the plan has them (the default). */
  openedFirst?: boolean;
}

export class TaskQueue<Task, Outcome = void> implements TaskSource<Task> {
  readonly #places: ReadonlyMap<string, number>;
  readonly #ready: { id: string; task: Task }[] = [];
  readonly #asking: ((task: Task | undefined) => void)[] = [];
  #closed: Queued<Task, Outcome>[] = [];

  /** @param plan in the order in which tasks are handed out, as far as they do not wait */
  constructor(
    plan: readonly Queued<Task, Outcome>[],
    private readonly options: QueueOptions = {},
  ) {
    this.#places = new Map(plan.map(({ id }, place) => [id, place]));
    this.#closed = plan.filter(({ after }) => after !== null);
    this.#open(
      plan.filter(({ after }) => after === null),
      null,
    );
  }

  /** The next task, as soon as there is one; undefined when there will be no other. */
  next(): Promise<Task | undefined> {
    if (this.#ready.length > 0 || this.#closed.length === 0) return Promise.resolve(this.#ready.shift()?.task);
    return new Promise((resolve) => this.#asking.push(resolve));
  }

  /** A task has ended well: what waited for it opens. */
  end(id: string, outcome: Outcome): void {
    this.#open(this.#takeWaiting(id), outcome);
    this.#answer();
  }

  /** A task has failed. @returns the ids of the tasks that waited for it, whoever waited for those too: none will run */
  fail(id: string): string[] {
    const dropped = this.#takeWaiting(id).map((one) => one.id);
    for (const one of dropped) dropped.push(...this.#takeWaiting(one).map((other) => other.id));
    this.#answer();
    return dropped;
  }

  #takeWaiting(id: string): Queued<Task, Outcome>[] {
    const waiting = this.#closed.filter(({ after }) => after === id);
    this.#closed = this.#closed.filter(({ after }) => after !== id);
    return waiting;
  }

  #open(opened: readonly Queued<Task, Outcome>[], before: Outcome | null): void {
    this.#ready.unshift(...opened.map(({ id, task }) => ({ id, task: task(before) })));
    const place = ({ id }: { id: string }): number => this.#places.get(id) ?? 0;
    if (!this.options.openedFirst) this.#ready.sort((a, b) => place(a) - place(b));
  }

  #answer(): void {
    while (this.#asking.length > 0 && (this.#ready.length > 0 || this.#closed.length === 0)) {
      this.#asking.shift()?.(this.#ready.shift()?.task);
    }
  }
}
