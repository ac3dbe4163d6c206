import { addCallback, dropCallback, type Callback } from './callbacks';
import { native } from './load-native';
import type { Tensor } from './tensor';
import { wrap } from './wrap';

export interface HookHandle {
  remove(): void;
  [Symbol.dispose](): void;
}

/** What libtorch calls. It must not refer to the hook's tensor: the two would keep each other alive for good. */
function callbackFor(hook: (grad: Tensor) => Tensor | void, state: { removed: boolean }): Callback {
  return ([grad]) => {
    const given = wrap(grad as number);
    // The graph may hold the hook for longer than its tensor lives, and then it cannot be taken out of there.
    if (state.removed) return undefined;
    const replaced = hook(given);
    if (replaced === undefined || replaced === null) return undefined;
    if (typeof replaced.handle !== 'number') throw new TypeError('registerHook: a hook returns a tensor or nothing');
    return [replaced.handle];
  };
}

/** See `Tensor.registerHook`. */
export function registerHook(tensor: Tensor, hook: (grad: Tensor) => Tensor | void): HookHandle {
  if (typeof hook !== 'function') throw new TypeError(`registerHook: expected a function, got ${typeof hook}`);
  const state = { removed: false };
  const id = addCallback(callbackFor(hook, state));
  let position: number | null;
  try {
    position = native.registerHook(tensor.handle, id);
  } catch (error) {
    dropCallback(id);
    throw error;
  }
  const remove = () => {
    state.removed = true;
    if (position !== null && !tensor.isDisposed) native.removeHook(tensor.handle, position);
    position = null;
  };
  return { remove, [Symbol.dispose]: remove };
}
