import type { Tensor } from '../torch';
import { Module, type AnyModule } from './module';
import { arraySlots, type Slot } from './slots';

/** Modules in a row, named `0`, `1`, ...: what a decoder keeps its layers in. It is walked, not called. */
export class ModuleList<M extends AnyModule = AnyModule> extends Module<[], never> implements Iterable<M> {
  readonly #items: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    this.#items = [...modules];
  }

  get length(): number {
    return this.#items.length;
  }

  /** The i-th module; negative counts from the end. Throws a RangeError outside. */
  at(i: number): M {
    const module = this.#items.at(i);
    if (!module) throw new RangeError(`ModuleList: no module ${i} among ${this.length}`);
    return module;
  }

  push(...modules: M[]): this {
    this.#items.push(...modules);
    return this;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#items[Symbol.iterator]();
  }

  forward(): never {
    throw new Error('ModuleList: call its modules one by one, or use Sequential');
  }

  protected override slots(): Slot[] {
    return arraySlots(this.#items);
  }
}

/** Modules that feed each other, named `0`, `1`, ... */
export class Sequential extends Module {
  readonly #items: Module[];

  constructor(...modules: Module[]) {
    super();
    this.#items = modules;
  }

  forward(input: Tensor): Tensor {
    let x = input;
    for (const module of this.#items) x = module.call(x);
    return x;
  }

  protected override slots(): Slot[] {
    return arraySlots(this.#items);
  }
}
