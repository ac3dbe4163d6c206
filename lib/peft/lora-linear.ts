import { torch, type Tensor } from '../torch';
import { init, Linear, Module, type AnyModule, type Dropout } from '../nn';
import type { Slot } from '../nn/slots';
import { LoraDropout } from './lora-dropout';

/** The pieces of a layer's adapters under the adapters' names: `lora_A.default`. */
class AdapterPieces<M extends AnyModule> extends Module<[], never> {
  readonly #pieces = new Map<string, M>();

  get(name: string): M | undefined {
    return this.#pieces.get(name);
  }

  set(name: string, piece: M): void {
    this.#pieces.set(name, piece);
  }

  delete(name: string): void {
    this.#pieces.delete(name);
  }

  forward(): never {
    throw new Error('AdapterPieces: holds modules, computes nothing');
  }

  protected override slots(): Slot[] {
    return [...this.#pieces].map(([name, value]) => ({
      name,
      value,
      replace: (next) => this.#pieces.set(name, next as M),
    }));
  }
}

export interface LoraShape {
  r: number;
  /** What the low-rank product is multiplied by: alpha / r, or alpha / sqrt(r) when rank-stabilised. */
  scaling: number;
  dropout: number;
}

/**
 * A Linear with trainable low-rank additions (Hu et al. 2021), at most one of them active:
 * y = W x + scaling * B(A(dropout(x))).
 * A is [r, in], kaiming-uniform with a = sqrt(5); B is [out, r], zeros, so that a fresh adapter changes nothing. Both
 * are float32 whatever the base is. Names are PEFT's: `base_layer`, `lora_dropout`, `lora_A`, `lora_B`.
 */
export class LoraLinear extends Module {
  readonly baseLayer: Linear;
  readonly lora_dropout = new AdapterPieces<Dropout>();
  readonly lora_A = new AdapterPieces<Linear>();
  readonly lora_B = new AdapterPieces<Linear>();
  /** By adapter. */
  readonly scaling = new Map<string, number>();
  /** The adapter that computes; with null, or the name of one that this layer lacks, only the base layer does. */
  active: string | null = null;
  /** The base layer's own weight while an adapter is merged into it. */
  private unmergedWeight: Tensor | null = null;

  constructor(base: Linear) {
    super();
    this.baseLayer = base;
    this.training = base.training;
  }

  /** Adds a fresh adapter, or replaces the one of that name. */
  add(name: string, { r, scaling, dropout }: LoraShape): void {
    const { inFeatures, outFeatures, weight } = this.baseLayer;
    const a = new Linear(inFeatures, r, { bias: false });
    const b = new Linear(r, outFeatures, { bias: false });
    // Drawn once as a Linear and once more as LoRA's: so does PEFT, and so one seed gives the same adapter in both.
    init.kaimingUniform_(a.weight, { a: Math.sqrt(5) });
    init.zeros_(b.weight);
    this.lora_dropout.set(name, new LoraDropout(dropout));
    this.lora_A.set(name, a.to(weight.device));
    this.lora_B.set(name, b.to(weight.device));
    this.scaling.set(name, scaling);
    this.train(this.training);
  }

  /** Takes an adapter out and frees its weights. */
  delete(name: string): void {
    for (const pieces of [this.lora_A, this.lora_B]) {
      pieces.get(name)?.weight.dispose();
      pieces.delete(name);
    }
    this.lora_dropout.delete(name);
    this.scaling.delete(name);
  }

  /** Whether the base layer's weight has an adapter in it. */
  get merged(): boolean {
    return this.unmergedWeight !== null;
  }

  /** Adds the active adapter to the base layer's weight, rounded once, and keeps the weight as it was. */
  merge(): void {
    const { active, baseLayer } = this;
    const [a, b] = [this.lora_A, this.lora_B].map((pieces) => pieces.get(active ?? '')?.weight);
    if (this.merged || !a || !b) return;
    const { weight } = baseLayer;
    torch.scope(() =>
      torch.noGrad(() => {
        const added = b.matmul(a).mul(this.scaling.get(active ?? '') ?? 0);
        this.registerBuffer('unmergedWeight', weight.detach(), { persistent: false });
        weight.setData(weight.add(added).to(weight.dtype));
      }),
    );
    baseLayer.unpack();
  }

  /** Puts the base layer's weight back, the same bits. */
  unmerge(): void {
    const own = this.unmergedWeight;
    if (!own) return;
    this.baseLayer.weight.setData(own);
    this.baseLayer.unpack();
    this.forgetUnmerged();
  }

  /** Leaves the base layer's weight as it is, merged or not, for good. */
  forgetUnmerged(): void {
    this.unmergedWeight?.dispose();
    this.unmergedWeight = null;
  }

  /** @param input [..., in] to [..., out], in the base layer's dtype */
  forward(input: Tensor): Tensor {
    const output = this.baseLayer.call(input);
    const name = this.active;
    if (name === null || this.merged) return output;
    const a = this.lora_A.get(name);
    const b = this.lora_B.get(name);
    const dropout = this.lora_dropout.get(name);
    if (!a || !b || !dropout) return output;
    const wide = input.dtype === 'float32' ? input : input.to('float32');
    const low = a.call(dropout.call(wide));
    const sum = output.add(b.call(low).mul(this.scaling.get(name) ?? 0));
    return sum.dtype === output.dtype ? sum : sum.to(output.dtype);
  }
}
