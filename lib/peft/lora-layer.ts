import { inFloat32, torch, type Tensor } from '../torch';
import { Module, type AnyModule, type Parameter } from '../nn';
import type { Slot } from '../nn/slots';

/** The pieces of a layer's adapters under the adapters' names: `lora_A.default`. */
export class AdapterPieces<M extends AnyModule | Parameter> extends Module<[], never> {
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

/** How an adapter's weights are kept. */
export interface AdapterPrecision {
  /**
   * Whether weights on a base of half precision are float32, as PEFT's argument of that name says: default true. With false
   * they have the base's dtype, in which small steps of an optimiser are lost.
   */
  autocastAdapterDtype?: boolean;
}

export interface LoraShape {
  r: number;
  /** What the low-rank product is multiplied by: alpha / r, or alpha / sqrt(r) when rank-stabilised. */
  scaling: number;
  dropout: number;
}

/** One weight of an adapter, with its name in PEFT's files and, as PEFT's model has it, in memory. */
export interface LoraWeight {
  stored: string;
  named: string;
  weight: Parameter;
}

/**
 * A layer with trainable low-rank additions (Hu et al. 2021), at most one of them active. The additions are float32 on a
 * base of half precision or four bits unless it is said otherwise, and a fresh one changes nothing.
 */
export abstract class LoraLayer<
  B extends AnyModule & { weight: Parameter } = AnyModule & { weight: Parameter },
> extends Module {
  readonly baseLayer: B;
  /** By adapter. */
  readonly scaling = new Map<string, number>();
  /** The adapter that computes; with null, or the name of one that this layer lacks, only the base layer does. */
  active: string | null = null;
  /** The base layer's own weight while an adapter is merged into it. */
  private unmergedWeight: Tensor | null = null;

  constructor(base: B) {
    super();
    this.baseLayer = base;
    this.training = base.training;
  }

  /** Adds a fresh adapter, or replaces the one of that name. */
  abstract add(name: string, shape: LoraShape, precision: AdapterPrecision): void;

  /** Takes an adapter out and frees its weights. */
  abstract delete(name: string): void;

  /** The weights of an adapter; none where the layer lacks it. */
  abstract weightsOf(name: string): LoraWeight[];

  /** What an adapter adds to the base layer's weight; undefined where the layer lacks it. */
  protected abstract added(name: string): Tensor | undefined;

  /**
   * Puts fresh float32 weights where the base layer's weight lies. They go by way of its dtype, also where they are float32
   * in the end: so does PEFT, and so one seed gives the same adapter in both.
   */
  protected settle(fresh: readonly Parameter[], { autocastAdapterDtype = true }: AdapterPrecision): void {
    const base = this.baseLayer.weight;
    torch.scope(() => {
      for (const weight of fresh) {
        const near = weight.detach().to(base.device);
        const rounded = base.isFloatingPoint() ? near.to(base.dtype) : near;
        weight.setData(autocastAdapterDtype ? inFloat32(rounded) : rounded);
      }
    });
  }

  /** B A times the adapter's scaling, rounded once: what it adds to a weight [out, in], in its own dtype. */
  protected lowRank(name: string, b: Tensor, a: Tensor): Tensor {
    const product = inFloat32(b).matmul(inFloat32(a));
    return product.mul(this.scaling.get(name) ?? 0).to(b.dtype);
  }

  /** Called when the base layer's weight is another one. */
  protected weightChanged(): void {}

  /** Whether the base layer's weight has an adapter in it. */
  get merged(): boolean {
    return this.unmergedWeight !== null;
  }

  /** Adds the active adapter to the base layer's weight, rounded once, and keeps the weight as it was. */
  merge(): void {
    const { active, baseLayer } = this;
    if (this.merged || active === null || this.weightsOf(active).length === 0) return;
    const { weight } = baseLayer;
    torch.scope(() =>
      torch.noGrad(() => {
        const added = this.added(active);
        if (!added) return;
        this.registerBuffer('unmergedWeight', weight.detach(), { persistent: false });
        weight.setData(weight.add(added).to(weight.dtype));
      }),
    );
    this.weightChanged();
  }

  /** Puts the base layer's weight back, the same bits. */
  unmerge(): void {
    const own = this.unmergedWeight;
    if (!own) return;
    this.baseLayer.weight.setData(own);
    this.weightChanged();
    this.forgetUnmerged();
  }

  /** Leaves the base layer's weight as it is, merged or not, for good. */
  forgetUnmerged(): void {
    this.unmergedWeight?.dispose();
    this.unmergedWeight = null;
  }
}
