import { frozenLinear, PackedWeight, torch, type Tensor } from '../torch';
import * as init from './init';
import { Module, type AnyModule } from './module';
import { emptyParameter, initialise, type Parameter, type Placement } from './parameter';
import { shapeText } from './state';

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
   * Computes with a copy of the frozen weight in panels ({@link PackedWeight}) from now on, until {@link unpack}. The weight
   * itself stays as it is; what is done to it meanwhile has no effect.
   * Passes that need a gradient take the weight as it is.
   * @returns false, changing nothing, where that cannot be done: a bias, a weight that is trained, on a GPU or not
   * float32, or a processor without the instructions
   */
  pack(): boolean {
    const { weight } = this;
    if (this.bias || weight.requiresGrad || weight.dtype !== 'float32' || String(weight.device) !== 'cpu') return false;
    if (!torch.canPack()) return false;
    this.unpack();
    this.#packed = new PackedWeight(weight);
    return true;
  }

  unpack(): void {
    this.#packed?.dispose();
    this.#packed = undefined;
  }

  /** What {@link pack} made, if anything. */
  get packed(): PackedWeight | undefined {
    return this.#packed;
  }

  /** @param input [..., inFeatures] to [..., outFeatures] */
  forward(input: Tensor): Tensor {
    try {
      if (this.#packed && !input.requiresGrad) return this.#packed.linear(input);
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

/**
 * Packs the frozen weights of a model's linear layers, one layer after the other, until what comes back is disposed of.
 * Layers that cannot be packed, or that already are, stay as they are.
 */
export function packLinears(model: AnyModule): Disposable {
  const packed: Linear[] = [];
  for (const [, module] of model.namedModules()) {
    if (module instanceof Linear && !module.packed && module.pack()) packed.push(module);
  }
  return {
    [Symbol.dispose]() {
      for (const linear of packed) linear.unpack();
    },
  };
}
