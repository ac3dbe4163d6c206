import { native } from './load-native';

// The JavaScript side of native/callbacks.h: libtorch knows a hook or a custom function by a number.

type Handles = (number | null)[];

/** Serves one callback; `backward` tells a custom function's backward from its forward. */
export type Callback = (handles: Handles, backward: boolean) => Handles | undefined;

const callbacks = new Map<number, Callback>();
let next = 1;

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
  const id = next++;
  callbacks.set(id, callback);
  return id;
}

/** Forgets a callback that never reached libtorch. */
export function dropCallback(id: number): void {
  callbacks.delete(id);
}
