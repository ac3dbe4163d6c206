import { autocastDtype, frozenLinear, PackedWeight, requireOptions, torch, type Tensor } from '../torch';
import * as init from './init';
import { Module } from './module';
import { emptyParameter, initialise, PLACEMENT, type Parameter, type Placement } from './parameter';
import { shapeText } from './state';

/** Layers that compute with those copies of their weights now: see packed-linears.ts. */
let packedNow: ReadonlyMap<Linear, PackedWeight> | undefined;

/** Runs synchronous work in which layers compute with packed copies of their weights. */
export function whilePacked<T>(packed: ReadonlyMap<Linear, PackedWeight>, work: () => T): T {
  const before = packedNow;
  packedNow = packed;
  try {
    return work();
  } finally {
    packedNow = before;
  }
}

/** y = x Wᵀ + b. Weight [outFeatures, inFeatures], initialised as PyTorch's `nn.Linear` (same seed, same bits). */
export class Linear extends Module {
  /** Assign another layer's parameter to tie the two. */
  weight: Parameter;
  bias: Parameter | null;
  #packed: PackedWeight | undefined;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: { bias?: boolean } & Placement = {},
  ) {
    super();
    requireOptions('Linear', options, { bias: true, ...PLACEMENT });
    this.weight = emptyParameter([outFeatures, inFeatures], options);
    this.bias = (options.bias ?? true) ? emptyParameter([outFeatures], options) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    initialise(() => {
      // a = sqrt(5) makes the bound 1 / sqrt(inFeatures), the rule of Torch7 that PyTorch kept.
      init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
      const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
      if (this.bias) init.uniform_(this.bias, -bound, bound);
    });
  }

  /**
   * Computes with a copy of the frozen weight in panels ({@link PackedWeight}) from now on, until {@link unpack}. Passes
   * that need a gradient take the weight as it is, and so do all when it was changed, replaced or is to be trained.
   * @returns false, changing nothing, where that cannot be done: see {@link packedWeight}
   */
  pack(): boolean {
    const packed = this.packedWeight();
    if (!packed) return false;
    this.unpack();
    this.#packed = packed;
    return true;
  }

  /**
   * A copy of the weight in panels; undefined for a layer with a bias, a weight that is trained, or made in inference
   * mode, where changes are not counted, and for one that cannot be packed.
   */
  packedWeight(): PackedWeight | undefined {
    const { weight } = this;
    if (this.bias || weight.requiresGrad || weight.isInference()) return undefined;
    return PackedWeight.fits(weight) ? new PackedWeight(weight) : undefined;
  }

  unpack(): void {
    this.#packed?.dispose();
    this.#packed = undefined;
  }

  /** The copy that it computes with, if any; under autocast the weight itself is cast. */
  get packed(): PackedWeight | undefined {
    const packed = this.#packed ?? packedNow?.get(this);
    if (!packed || autocastDtype(this.weight.device)) return undefined;
    return !this.weight.requiresGrad && packed.isOf(this.weight) ? packed : undefined;
  }

  /** @param input [..., inFeatures] to [..., outFeatures] */
  forward(input: Tensor): Tensor {
    try {
      const packed = this.#packed || packedNow ? this.packed : undefined;
      if (packed && !input.requiresGrad && !packed.isSlowerFor(input)) return packed.linear(input);
      const frozen = this.bias || this.weight.requiresGrad ? null : frozenLinear(input, this.weight);
      return frozen ?? torch.linear(input, this.weight, this.bias);
    } catch (error) {
      // The shape is only looked at when libtorch refused: the good path pays nothing for the better message.
      if (input.shape.at(-1) === this.inFeatures) throw error;
      throw new RangeError(`Linear: expected last dimension ${this.inFeatures}, got ${shapeText(input.shape)}`, {
        cause: error,
      });
    }
  }
}
