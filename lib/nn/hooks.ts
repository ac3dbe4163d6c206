/** What registering a hook returns; `using` removes it at the end of the block. */
export interface HookHandle extends Disposable {
  remove(): void;
}

/** An ordered list of callbacks, each removable, safe to change while it is being walked. */
export class HookList<F> {
  #entries: readonly { readonly hook: F }[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(hook: F): HookHandle {
    // One object per registration: the same function registered twice is removed one at a time.
    const entry = { hook };
    this.#entries = [...this.#entries, entry];
    const remove = (): void => {
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
    return { remove, [Symbol.dispose]: remove };
  }

  /** The callbacks as they stand now; adding or removing makes a new list. */
  list(): F[] {
    return this.#entries.map((entry) => entry.hook);
  }
}
