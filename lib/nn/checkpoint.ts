import { torch, type Tensor } from '../torch';
import type { Module } from './module';

/**
 * `module.call(...args)` that keeps nothing for the backward pass but its inputs, see `torch.checkpoint`. A module that
 * anything looks on, or into, is called as always: hooks would see a pass without a graph, and then all of it again.
 */
export function checkpoint<Args extends unknown[], Out extends Tensor | readonly Tensor[]>(
  module: Module<Args, Out>,
  ...args: Args
): Out {
  if (!torch.isGradEnabled() || module.namedModules().some(([, inner]) => inner.hasHooks)) return module.call(...args);
  return torch.checkpoint(module, ...args);
}
