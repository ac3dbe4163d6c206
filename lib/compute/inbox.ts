/** Things that come when they come, for a loop that takes them when it can. */
export class Inbox<T> {
  readonly #waiting: T[] = [];
  #wake: () => void = () => undefined;
  #closed: { failure?: { reason: unknown } } | undefined;

  put(items: readonly T[]): void {
    this.#waiting.push(...items);
    this.#wake();
  }

  /** Nothing more comes once `work` has ended; where it fails, the loop does when it has taken the rest. */
  closeAfter(work: Promise<unknown>): void {
    const close = (closed: { failure?: { reason: unknown } }): void => {
      this.#closed = closed;
      this.#wake();
    };
    work.then(
      () => close({}),
      (reason: unknown) => close({ failure: { reason } }),
    );
  }

  async *items(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      for (let i = 0; i < this.#waiting.length; i++) yield this.#waiting[i];
      this.#waiting.length = 0;
      if (this.#closed) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#closed.failure) throw this.#closed.failure.reason;
  }
}
