import { takeHandle, torch, Tensor, type DeviceLike, type DType } from '../torch';

/** Where and in which dtype a layer makes its parameters; libtorch's defaults (float32, cpu) when left out. */
export interface Placement {
  dtype?: DType;
  device?: DeviceLike;
}

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
  return torch.scope(() => new Parameter(torch.empty(shape, { dtype: placement.dtype, device: placement.device })));
}

let initialising = true;

/**
 * Builds modules without drawing their initial weights: for models whose weights are loaded right afterwards. The
 * random state is left alone and untouched pages cost no memory.
 */
export function skipInit<R>(build: () => R): R {
  const before = initialising;
  initialising = false;
  try {
    return build();
  } finally {
    initialising = before;
  }
}

/** Runs a layer's initialiser (without gradient, temporaries freed) unless `skipInit` is in force. */
export function initialise(init: () => void): void {
  if (!initialising) return;
  torch.scope(() => torch.noGrad(init));
}
