import { native } from './load-native';

// The JavaScript side of native/callbacks.h: libtorch knows a hook or a custom function by a number.

type Handles = (number | null)[];

/** Serves one callback; `backward` tells a custom function's backward from its forward. */
export type Callback = (handles: Handles, backward: boolean) => Handles | undefined;

/**
 * Kept with the addon, of which an environment has one. Of this file it may have several copies (Jest loads one for each
 * test file), and the last serves the callbacks of all.
 */
export interface CallbackState {
  callbacks: Map<number, Callback>;
  next: number;
}

const state = (native.callbackState ??= { callbacks: new Map(), next: 1 });
const { callbacks } = state;

function serve(id: number, handles: Handles): Handles | undefined {
  const callback = callbacks.get(Math.abs(id));
  if (!callback) throw new Error('autograd: this hook is no longer known');
  return callback(handles, id < 0);
}

function forget(ids: number[]): void {
  for (const id of ids) callbacks.delete(id);
}

native.setCallbacks(serve, forget);

/** Names `callback` by a number; it is forgotten once libtorch has let go of it. */
export function addCallback(callback: Callback): number {
  native.forgetReleased();
  const id = state.next++;
  callbacks.set(id, callback);
  return id;
}

/** Forgets a callback that never reached libtorch. */
export function dropCallback(id: number): void {
  callbacks.delete(id);
}
