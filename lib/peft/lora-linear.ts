import type { Tensor } from '../torch';
import { Dropout, init, Linear, Module, type AnyModule } from '../nn';
import { arraySlots } from '../nn/slots';

/** Name under which PEFT keeps an adapter's weights in memory when no other is given. */
const ADAPTER = 'default';

/** The place of one adapter's piece, `lora_A.default`. */
class AdapterSlot<M extends AnyModule> extends Module<[], never> {
  readonly #piece: [M];

  constructor(piece: M) {
    super();
    this.#piece = [piece];
  }

  get piece(): M {
    return this.#piece[0];
  }

  forward(): never {
    throw new Error('AdapterSlot: holds modules, computes nothing');
  }

  protected override slots(): ReturnType<typeof arraySlots> {
    return arraySlots(this.#piece).map((slot) => ({ ...slot, name: ADAPTER }));
  }
}

export interface LoraShape {
  r: number;
  /** What the low-rank product is multiplied by: alpha / r. */
  scaling: number;
  dropout: number;
}

/**
 * A Linear with a trainable low-rank addition (Hu et al. 2021): y = W x + scaling * B(A(dropout(x))).
 * A is [r, in], kaiming-uniform with a = sqrt(5); B is [out, r], zeros, so that a fresh adapter changes nothing. Both
 * are float32 whatever the base is. Names are PEFT's: `base_layer`, `lora_dropout`, `lora_A`, `lora_B`.
 */
export class LoraLinear extends Module {
  readonly baseLayer: Linear;
  readonly lora_dropout: AdapterSlot<Dropout>;
  readonly lora_A: AdapterSlot<Linear>;
  readonly lora_B: AdapterSlot<Linear>;
  readonly scaling: number;
  /** False: only the base layer computes. */
  enabled = true;

  constructor(base: Linear, { r, scaling, dropout }: LoraShape) {
    super();
    this.baseLayer = base;
    this.scaling = scaling;
    this.lora_dropout = new AdapterSlot(new Dropout(dropout));
    this.lora_A = new AdapterSlot(new Linear(base.inFeatures, r, { bias: false }));
    this.lora_B = new AdapterSlot(new Linear(r, base.outFeatures, { bias: false }));
    // Drawn once as a Linear and once more as LoRA's: so does PEFT, and so one seed gives the same adapter in both.
    init.kaimingUniform_(this.lora_A.piece.weight, { a: Math.sqrt(5) });
    init.zeros_(this.lora_B.piece.weight);
    for (const part of [this.lora_A, this.lora_B]) part.to(base.weight.device);
  }

  /** @param input [..., in] to [..., out], in the base layer's dtype */
  forward(input: Tensor): Tensor {
    const output = this.baseLayer.call(input);
    if (!this.enabled) return output;
    const wide = input.dtype === 'float32' ? input : input.to('float32');
    const low = this.lora_A.piece.call(this.lora_dropout.piece.call(wide));
    const sum = output.add(this.lora_B.piece.call(low).mul(this.scaling));
    return sum.dtype === output.dtype ? sum : sum.to(output.dtype);
  }
}
