import { addCallback, dropCallback } from './callbacks';
import { native } from './load-native';
import type { Tensor } from './tensor';
import { wrap } from './wrap';

export interface HookHandle {
  remove(): void;
  [Symbol.dispose](): void;
}

/** See `Tensor.registerHook`. */
export function registerHook(tensor: Tensor, hook: (grad: Tensor) => Tensor | void): HookHandle {
  if (typeof hook !== 'function') throw new TypeError(`registerHook: expected a function, got ${typeof hook}`);
  const id = addCallback(([grad]) => {
    const replaced = hook(wrap(grad as number));
    if (replaced === undefined || replaced === null) return undefined;
    if (typeof replaced.handle !== 'number') throw new TypeError('registerHook: a hook returns a tensor or nothing');
    return [replaced.handle];
  });
  let position: number | null;
  try {
    position = native.registerHook(tensor.handle, id);
  } catch (error) {
    dropCallback(id);
    throw error;
  }
  const remove = () => {
    if (position !== null && !tensor.isDisposed) native.removeHook(tensor.handle, position);
    position = null;
  };
  return { remove, [Symbol.dispose]: remove };
}
