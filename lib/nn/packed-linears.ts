import { PackedWeight } from '../torch';
import { Linear, whilePacked } from './linear';
import type { AnyModule } from './module';

interface Held {
  readonly packed: PackedWeight;
  holders: number;
}

/** Those of one layer are shared. Weakly: work that is left without an end is collected, and its panels with it. */
const held = new WeakMap<Linear, WeakRef<Held>>();

function hold(linear: Linear): Held | undefined {
  const present = held.get(linear)?.deref();
  if (present && present.holders > 0 && present.packed.isOf(linear.weight)) {
    present.holders += 1;
    return present;
  }
  const packed = linear.packedWeight();
  if (!packed) return undefined;
  const made = { packed, holders: 1 };
  held.set(linear, new WeakRef(made));
  return made;
}

/**
 * Packed copies of the frozen weights of a model's linear layers, until disposed of. Layers compute with them in what is
 * passed to {@link run} only: who uses the model beside it gets the bits that it gets without.
 */
export class PackedLinears implements Disposable {
  readonly #held = new Map<Linear, Held>();
  readonly #packed: ReadonlyMap<Linear, PackedWeight>;

  /** One layer after the other; those that cannot be packed, or that already are, are left out. */
  constructor(model: AnyModule) {
    for (const [, module] of model.namedModules()) {
      const own = module instanceof Linear && !module.packed ? hold(module) : undefined;
      if (own) this.#held.set(module as Linear, own);
    }
    this.#packed = new Map([...this.#held].map(([linear, { packed }]) => [linear, packed]));
  }

  /** Synchronous work. */
  run<T>(work: () => T): T {
    return whilePacked(this.#packed, work);
  }

  [Symbol.dispose](): void {
    for (const own of this.#held.values()) {
      own.holders -= 1;
      if (own.holders === 0) own.packed.dispose();
    }
    this.#held.clear();
  }
}
