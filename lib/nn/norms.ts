import { plainRmsNorm, requireOptions, torch, type Tensor } from '../torch';
import * as init from './init';
import { Module } from './module';
import { emptyParameter, initialise, PLACEMENT, type Parameter, type Placement } from './parameter';
import { shapeText } from './state';

/** Normalises over the last dimensions to mean 0 and variance 1, then scales and shifts. */
export class LayerNorm extends Module {
  readonly normalizedShape: number[];
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  /** @param normalizedShape the trailing dimensions, or the size of the last one */
  constructor(
    normalizedShape: number | number[],
    options: { eps?: number; elementwiseAffine?: boolean; bias?: boolean } & Placement = {},
  ) {
    super();
    requireOptions('LayerNorm', options, { eps: true, elementwiseAffine: true, bias: true, ...PLACEMENT });
    this.normalizedShape = [normalizedShape].flat();
    this.eps = options.eps ?? 1e-5;
    const affine = options.elementwiseAffine ?? true;
    this.weight = affine ? emptyParameter(this.normalizedShape, options) : null;
    this.bias = affine && (options.bias ?? true) ? emptyParameter(this.normalizedShape, options) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    resetAffine(this.weight, this.bias);
  }

  /** @param input [..., ...normalizedShape], and so is the result */
  forward(input: Tensor): Tensor {
    try {
      return torch.layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
    } catch (error) {
      throw misfit('LayerNorm', this.normalizedShape, input, error);
    }
  }
}

/** The distance from 1 to the next float32. */
const FLOAT32_STEP = 2 ** -23;

/** x / rms(x) * weight over the last dimensions (Zhang and Sennrich 2019). */
export class RMSNorm extends Module {
  readonly normalizedShape: number[];
  readonly weight: Parameter | null;

  /** @param eps null takes the smallest step of the input's dtype, as PyTorch does */
  constructor(
    normalizedShape: number | number[],
    readonly eps: number | null = null,
    options: { elementwiseAffine?: boolean } & Placement = {},
  ) {
    super();
    requireOptions('RMSNorm', options, { elementwiseAffine: true, ...PLACEMENT });
    this.normalizedShape = [normalizedShape].flat();
    this.weight = (options.elementwiseAffine ?? true) ? emptyParameter(this.normalizedShape, options) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    resetAffine(this.weight, null);
  }

  /** @param input [..., ...normalizedShape], and so is the result */
  forward(input: Tensor): Tensor {
    try {
      return this.#inOnePass(input) ?? torch.rmsNorm(input, this.normalizedShape, this.weight, this.eps);
    } catch (error) {
      throw misfit('RMSNorm', this.normalizedShape, input, error);
    }
  }

  /** Where no gradient is wanted; libtorch's own takes many times as long on the processor. */
  #inOnePass(input: Tensor): Tensor | null {
    if (torch.isGradEnabled() || !this.weight || this.normalizedShape.length !== 1) return null;
    return plainRmsNorm(input, this.weight, this.eps ?? FLOAT32_STEP);
  }
}

/** Sets a norm's scale to one and its shift to zero. */
export function resetAffine(weight: Parameter | null, bias: Parameter | null): void {
  initialise(() => {
    if (weight) init.ones_(weight);
    if (bias) init.zeros_(bias);
  });
}

function misfit(kind: string, wanted: number[], input: Tensor, error: unknown): unknown {
  const tail = shapeText(input.shape.slice(-wanted.length));
  if (tail === shapeText(wanted)) return error;
  return new RangeError(`${kind}: expected last dimensions ${shapeText(wanted)}, got ${shapeText(input.shape)}`, {
    cause: error,
  });
}
