import { types } from 'node:util';
import { native } from './load-native';
import { isPlainObject } from './options';
import type { Tensor } from './tensor';

/** How many scopes are open. Outside of all of them the safety net watches every new tensor. */
export const open = { depth: 0 };

/**
 * Lets `tensor` live until the scope of that level closes (0: outside of all scopes), however many scopes opened inside
 * it close before. `open.depth` is the level of the innermost scope.
 */
export function lift(tensor: Tensor, level: number): void {
  native.lift(tensor.handle, level);
  if (level === 0) native.watch(tensor, tensor.handle);
}

/** Adds the tensors found in `value` to `found`: itself, or inside arrays, plain objects, Maps and Sets of any depth. */
function collect(
  value: unknown,
  isTensor: (value: object) => value is Tensor,
  found: Tensor[],
  seen: Set<object>,
): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  if (isTensor(value)) {
    found.push(value);
    return;
  }
  seen.add(value);
  if (Array.isArray(value) || types.isSet(value)) {
    for (const element of value) collect(element, isTensor, found, seen);
  } else if (types.isMap(value)) {
    for (const element of value.values()) collect(element, isTensor, found, seen);
  } else if (isPlainObject(value)) {
    for (const element of Object.values(value)) collect(element, isTensor, found, seen);
  }
}

function isTensor(value: object): value is Tensor {
  return 'handle' in value && 'isDisposed' in value;
}

export function tensorsIn(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  collect(value, isTensor, found, new Set());
  return found;
}

/** Every scope ever opened has a number of its own: levels are used again, and a closed scope must not close another. */
const openNumbers: number[] = [];
let lastNumber = 0;

/** An open scope, for `using s = torch.scope()`. Closing it frees every tensor made since it was opened. */
export class Scope {
  readonly #number = ++lastNumber;
  readonly #level: number;

  constructor() {
    this.#level = native.enterScope();
    open.depth = this.#level;
    openNumbers.push(this.#number);
  }

  get isOpen(): boolean {
    return openNumbers[this.#level - 1] === this.#number;
  }

  /** Closes this scope and any opened inside it and left open; the tensors in `result` pass to the scope around it. */
  close<T>(result?: T): T {
    if (!this.isOpen) throw new Error('scope: this scope is closed already');
    const kept = result === undefined || result === null ? [] : tensorsIn(result);
    native.leaveScope(this.#level, kept.length > 0 ? Float64Array.from(kept, (tensor) => tensor.handle) : null);
    open.depth = this.#level - 1;
    openNumbers.length = open.depth;
    if (open.depth === 0) {
      for (const tensor of kept) if (!tensor.isDisposed) native.watch(tensor, tensor.handle);
    }
    return result as T;
  }

  [Symbol.dispose](): void {
    if (this.isOpen) this.close();
  }
}

/** Throws when `result` is a promise: tensors made after an `await` would fall into some other scope. */
export function requireSynchronous<T>(name: string, result: T): T {
  if (typeof result === 'object' && result !== null && typeof (result as { then?: unknown }).then === 'function') {
    throw new TypeError(`${name}: the function must be synchronous, and it returned a promise`);
  }
  return result;
}

/** Opens a scope that the caller closes: `using s = torch.scope()`. */
export function scope(): Scope;
/**
 * Runs `work` and frees every tensor made in it, except those in what it returns (a tensor, or tensors in arrays, plain
 * objects, Maps and Sets) and those that were kept with `keep()`, as parameters and optimiser state are.
 */
export function scope<T>(work: () => T): T;
export function scope<T>(work?: () => T): T | Scope {
  const opened = new Scope();
  if (work === undefined) return opened;
  try {
    return opened.close(requireSynchronous('scope', work()));
  } finally {
    opened[Symbol.dispose](); // after an error
  }
}
