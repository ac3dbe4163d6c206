import { customFunction } from './custom-function';
import { native } from './load-native';
import { Tensor } from './tensor';

export interface PackOptions {
  /** Rows (batch times positions) of the inputs to come; others work too, more slowly. */
  rows: number;
  /** Also packs the transposed weight, so that gradients flow to the input. Default false. */
  backward?: boolean;
}

/** Whether this libtorch has oneDNN's linear layers, without which nothing can be packed. */
export function canPack(): boolean {
  return native.canPrepack();
}

/**
 * A frozen linear weight in oneDNN's own layout, which spares every product the reordering of its operand. float32 on
 * the processor only. It holds a copy (two with `backward`) and is freed by `dispose`.
 */
export class PackedWeight {
  readonly #forward: Tensor;
  readonly #backward: Tensor | undefined;
  readonly #apply: (input: Tensor) => Tensor;

  /** @param weight [out, in] */
  constructor(weight: Tensor, { rows, backward = false }: PackOptions) {
    this.#forward = pack(weight, rows);
    this.#backward = backward ? pack(weight.detach().t(), rows) : undefined;
    this.#apply = customFunction({
      name: 'PackedWeight',
      forward: (_context, input: Tensor) => multiply(input, this.#forward),
      backward: (_context, grad) => this.timesWeight(grad),
    });
  }

  /** input [..., in] times the weight transposed: [..., out], with a gradient to the input. */
  linear(input: Tensor): Tensor {
    return input.requiresGrad ? this.#apply(input) : multiply(input, this.#forward);
  }

  get hasBackward(): boolean {
    return this.#backward !== undefined;
  }

  /** rows [..., out] times the weight: [..., in], without a gradient. @throws when packed without `backward` */
  timesWeight(rows: Tensor): Tensor {
    if (!this.#backward) throw new Error('PackedWeight: packed without `backward`, so no gradient can flow through it');
    return multiply(rows, this.#backward);
  }

  dispose(): void {
    this.#forward.dispose();
    this.#backward?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function pack(weight: Tensor, rows: number): Tensor {
  return new Tensor(native.prepackLinear(weight.handle, rows)).keep();
}

function multiply(input: Tensor, packed: Tensor): Tensor {
  return new Tensor(native.linearPrepacked(input.handle, packed.handle));
}
