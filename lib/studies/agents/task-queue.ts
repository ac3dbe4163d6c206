import { beginsWith, nameOf, type Task } from './plan';

/** Which agent comes next: a tuned one can only begin when the one that it begins with is trained. */
export class TaskQueue {
  readonly #tasks: Task[];
  readonly #done = new Set<string>();
  readonly #waiting: ((task: Task | undefined) => void)[] = [];

  constructor(tasks: readonly Task[]) {
    this.#tasks = [...tasks];
  }

  /** The next task, as soon as there is one; undefined when none is left. */
  next(): Promise<Task | undefined> {
    const at = this.#tasks.findIndex((task) => this.#isOpen(task));
    if (at >= 0) return Promise.resolve(this.#tasks.splice(at, 1)[0]);
    if (this.#tasks.length === 0) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Opens what waited for this one. */
  end(task: Task): void {
    this.#done.add(nameOf(task));
    for (const resolve of this.#waiting.splice(0)) void this.next().then(resolve);
  }

  #isOpen({ arm, seed }: Task): boolean {
    const first = beginsWith(arm);
    return first === null || this.#done.has(nameOf({ arm: first, seed }));
  }
}
