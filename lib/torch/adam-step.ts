import { native } from './load-native';
import type { Tensor } from './tensor';

/** Tensors are float32 vectors of one length. */
export interface AdamStep {
  parameters: Tensor;
  /** Scaled down in place where its norm is above `maxNorm`. */
  gradient: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
  /** Counted from 1. */
  step: number;
  lr: number;
  betas: readonly [number, number];
  eps: number;
  maxNorm: number;
}

/**
 * Clips a gradient by its norm and takes a step of Adam, in one call. It pays where an optimiser has a few thousand
 * parameters, and calling operators takes longer than what they do.
 *
 * @returns the norm before clipping; null when a tensor is of another kind, and nothing was done
 */
export function clippedAdamStep(of: AdamStep): number | null {
  const { parameters, gradient, expAvg, expAvgSq, step, lr, betas, eps, maxNorm } = of;
  return native.clippedAdamStep(
    parameters.handle,
    gradient.handle,
    expAvg.handle,
    expAvgSq.handle,
    step,
    lr,
    betas[0],
    betas[1],
    eps,
    maxNorm,
  );
}
