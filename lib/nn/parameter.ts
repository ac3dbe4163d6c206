import { takeHandle, torch, Tensor, type DeviceLike, type DType } from '../torch';

/** Where and in which dtype a layer makes its parameters; libtorch's defaults (float32, cpu) when left out. */
export interface Placement {
  dtype?: DType;
  device?: DeviceLike;
}

/** The options of a layer that says where its parameters go, for {@link requireOptions}. */
export const PLACEMENT = { dtype: true, device: true } as const;

/**
 * A tensor that a module owns and an optimiser moves. It shares the storage of `data`, is a leaf of the graph, and is
 * kept out of every scope, so that a model built inside a scope outlives it.
 *
 * @param data any tensor; its history is cut
 * @param requiresGrad false for frozen parameters (integer tensors must be frozen)
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super(takeHandle(data));
    this.keep();
    if (requiresGrad) this.requiresGrad = true;
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}

/** A parameter of uninitialised memory. */
export function emptyParameter(shape: number[], placement: Placement = {}): Parameter {
  const device = everywhere ?? placement.device;
  return torch.scope(() => new Parameter(torch.empty(shape, { dtype: placement.dtype, device })));
}

let initialising = true;
/** Where all parameters are made, whatever their layers say. */
let everywhere: DeviceLike | undefined;

/**
 * Builds modules without drawing their initial weights: for models whose weights are loaded right afterwards. The
 * random state is left alone and untouched pages cost no memory.
 * @param device overrides where the parameters are made; on 'meta' they have shapes and no values
 */
export function skipInit<R>(build: () => R, device = everywhere): R {
  const before = [initialising, everywhere] as const;
  [initialising, everywhere] = [false, device];
  try {
    return build();
  } finally {
    [initialising, everywhere] = before;
  }
}

/** Runs a layer's initialiser (without gradient, temporaries freed) unless `skipInit` is in force. */
export function initialise(init: () => void): void {
  if (!initialising) return;
  torch.scope(() => torch.noGrad(init));
}
