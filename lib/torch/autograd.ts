import { gradientsFor, handlesOf, type BackwardOptions } from './backward';
import { native } from './load-native';
import { requireOptions } from './options';
import { requireSynchronous } from './scope';
import type { Tensor } from './tensor';
import { wrap } from './wrap';

export interface GradOptions extends BackwardOptions {
  /** One for every output that is not a single element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Inputs that no output depends on give null; without this they are an error. */
  allowUnused?: boolean;
}

const OPTIONS = { retainGraph: true, createGraph: true, gradOutputs: true, allowUnused: true } as const;

function listOf<T extends Tensor | null>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** The gradients of `outputs` with respect to `inputs`, one for each input, without touching anyone's `grad`. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  requireOptions('grad', options, OPTIONS);
  const roots = listOf(outputs);
  const handles = native.grad(
    handlesOf(roots),
    handlesOf(listOf(inputs)),
    gradientsFor(roots, listOf(options.gradOutputs)),
    options.retainGraph,
    options.createGraph ?? false,
    options.allowUnused ?? false,
  );
  return handles.map((handle) => (handle === null ? null : wrap(handle)));
}

function withGrad<T>(name: string, on: boolean, work: () => T): T {
  const before = native.setGradEnabled(on);
  try {
    return requireSynchronous(name, work());
  } finally {
    native.setGradEnabled(before);
  }
}

/** Runs `work` without recording a graph. */
export function noGrad<T>(work: () => T): T {
  return withGrad('noGrad', false, work);
}

/** Runs `work` with recording on, inside `noGrad` too. */
export function enableGrad<T>(work: () => T): T {
  return withGrad('enableGrad', true, work);
}

/** Runs `work` in libtorch's inference mode: faster than `noGrad`; its tensors can never take part in a graph. */
export function inferenceMode<T>(work: () => T): T {
  return requireSynchronous('inferenceMode', native.inferenceMode(work));
}

export function isGradEnabled(): boolean {
  return native.isGradEnabled();
}

export function isInferenceMode(): boolean {
  return native.isInferenceMode();
}
