import { native } from './load-native';
import { requireOptions } from './options';
import type { Tensor } from './tensor';

export interface BackwardOptions {
  /** Keep the graph for another backward pass. By default as `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, for higher derivatives. */
  createGraph?: boolean;
}

const OPTIONS = { retainGraph: true, createGraph: true } as const;

/** Handles as the addon takes them: NaN where there is no tensor. */
export function handlesOf(tensors: readonly (Tensor | null | undefined)[]): Float64Array {
  const handles = new Float64Array(tensors.length);
  for (let i = 0; i < tensors.length; i++) handles[i] = tensors[i]?.handle ?? NaN;
  return handles;
}

/** One gradient for every root, or none at all when each root is a single element. */
export function gradientsFor(roots: readonly Tensor[], gradients: readonly (Tensor | null)[]): Float64Array {
  return gradients.length > 0 ? handlesOf(gradients) : new Float64Array(roots.length).fill(NaN);
}

export function backward(
  roots: readonly Tensor[],
  gradients: readonly (Tensor | null)[],
  options: BackwardOptions = {},
): void {
  requireOptions('backward', options, OPTIONS);
  native.backward(handlesOf(roots), gradientsFor(roots, gradients), options.retainGraph, options.createGraph ?? false);
}
