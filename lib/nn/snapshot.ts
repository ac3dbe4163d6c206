import { native } from '../torch/load-native';
import type { Tensor } from '../torch';
import type { AnyModule } from './module';

/** A module and what it held. */
interface Seen {
  module: AnyModule;
  values: unknown[];
  /** Children that a container keeps elsewhere than in properties; undefined for any other module, which spares the look. */
  kept: AnyModule[] | undefined;
}

/**
 * What a model computes with, as it was when this was made: its modules, what they hold, and where their numbers lie. For
 * work that is recorded once and repeated, which goes by all of this. Numbers that were changed in place are no change.
 * Memory is held until it is disposed of: what was recorded may read it, whatever becomes of the model.
 */
export class ModelSnapshot implements Disposable {
  readonly #seen: readonly Seen[];
  readonly #tensors: readonly (readonly [tensor: Tensor, memory: Tensor])[];

  constructor(model: AnyModule) {
    this.#seen = model.namedModules().map(([, module]) => seen(module));
    const tensors = [...model.namedParameters(), ...model.namedBuffers()].map(([, tensor]) => tensor);
    this.#tensors = tensors.map((tensor) => [tensor, tensor.detach().keep()] as const);
  }

  /** Whether nothing of it has changed, and no hook looks on. */
  isCurrent(): boolean {
    return this.#seen.every(isUnchanged) && this.#tensors.every(([tensor, memory]) => isThere(tensor, memory));
  }

  dispose(): void {
    for (const [, memory] of this.#tensors) memory.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const childrenOf = (module: AnyModule): AnyModule[] => module.children().map(([, child]) => child);

function seen(module: AnyModule): Seen {
  const values: unknown[] = Object.values(module);
  const children = childrenOf(module);
  const isContainer = children.some((child) => !values.includes(child));
  return { module, values, kept: isContainer ? children : undefined };
}

function isUnchanged({ module, values, kept }: Seen): boolean {
  if (module.hasHooks || !areSame(Object.values(module), values)) return false;
  return !kept || areSame(childrenOf(module), kept);
}

function areSame(now: readonly unknown[], before: readonly unknown[]): boolean {
  return now.length === before.length && now.every((value, i) => Object.is(value, before[i]));
}

function isThere(tensor: Tensor, memory: Tensor): boolean {
  return !tensor.isDisposed && native.isSame(tensor.handle, memory.handle);
}
