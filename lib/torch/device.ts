import { native } from './load-native';
import type { DeviceMemory, NativeEvent, NativeStream } from './native';
import { requireOptions } from './options';

export type DeviceLike =
  Device | 'cpu' | 'cuda' | 'meta' | 'mps' | 'xpu' | `${'cuda' | 'mps' | 'xpu' | 'cpu'}:${number}`;

const PATTERN = /^([a-z]\w*)(?::(\d+))?$/;
const TYPES = new Set(['cpu', 'cuda', 'mps', 'xpu', 'meta']);

/** Type and index of a device's name; null if it names none. An accelerator from outside of libtorch names itself. */
function partsOf(name: string): { type: string; index: number | null } | null {
  const found = PATTERN.exec(name);
  if (!found || (!TYPES.has(found[1]) && found[1] !== native.outsideBackend())) return null;
  return { type: found[1], index: found[2] === undefined ? null : Number(found[2]) };
}

/** Where a tensor lies: `cpu`, or an accelerator and its number. */
export class Device {
  /** `cpu`, `cuda`, `mps`, `xpu`, `meta`, or what an accelerator is called that is registered from outside of libtorch */
  readonly type: string;
  /** Null: the current one. */
  readonly index: number | null;

  constructor(name: DeviceLike | string) {
    const parts = partsOf(String(name));
    if (!parts) throw new TypeError(`device: expected 'cpu', 'cuda' or 'cuda:0', got '${String(name).slice(0, 40)}'`);
    this.type = parts.type;
    this.index = parts.index;
  }

  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  equals(other: DeviceLike): boolean {
    return this.toString() === String(other);
  }

  /** Waits until everything queued on this device is done. The processor queues nothing. */
  synchronize(): void {
    if (this.type !== 'cpu') native.synchronize(this.toString());
  }

  /** Bytes that libtorch's allocator holds here (in use now, in use at most so far, reserved) and all there are. GPUs only. */
  memory(): DeviceMemory {
    return native.deviceMemory(this.toString());
  }

  /**
   * Bytes that tensors can still take here: what no process has, and what libtorch's allocator keeps for them. Null where
   * the allocator cannot tell. GPUs only.
   */
  freeMemory(): number | null {
    return native.freeMemory(this.toString());
  }

  resetPeakMemory(): void {
    native.resetPeakMemory(this.toString());
  }

  /** Gives the cached, unused memory back to the GPU. */
  emptyCache(): void {
    native.emptyCache(this.toString());
  }
}

export function isDeviceName(value: unknown): boolean {
  return value instanceof Device || (typeof value === 'string' && partsOf(value) !== null);
}

/** A queue of work on a GPU. */
export class Stream {
  /** @internal */
  readonly native: NativeStream;

  constructor(device: DeviceLike | NativeStream) {
    const named = typeof device === 'string' || device instanceof Device;
    this.native = named ? native.makeStream(String(device)) : device;
  }

  static current(device: DeviceLike = 'cuda'): Stream {
    return new Stream(native.currentStream(String(device)));
  }

  /** Makes this the stream that operators are queued on. */
  use(): void {
    native.setCurrentStream(this.native);
  }

  synchronize(): void {
    native.synchronizeStream(this.native);
  }
}

/** A mark in a stream; two of them measure the time between. */
export class Event {
  readonly #native: NativeEvent;

  constructor(device: DeviceLike = 'cuda', options: { timing?: boolean } = {}) {
    requireOptions('Event', options, { timing: true });
    this.#native = native.makeEvent(String(device), options.timing ?? true);
  }

  record(stream: Stream): void {
    native.recordEvent(this.#native, stream.native);
  }

  /** Makes `stream` wait for this event. */
  wait(stream: Stream): void {
    native.waitEvent(this.#native, stream.native);
  }

  /** Whether everything before the event is done. */
  get isDone(): boolean {
    return native.queryEvent(this.#native);
  }

  synchronize(): void {
    native.synchronizeEvent(this.#native);
  }

  /** Milliseconds from this event to a later one. */
  elapsedTime(later: Event): number {
    return native.elapsedTime(this.#native, later.#native);
  }
}

export function device(name: DeviceLike | string): Device {
  return new Device(name);
}

/** `cpu` and every GPU that this libtorch sees. */
export function devices(): Device[] {
  return native.devices().map((name) => new Device(name));
}

/** Waits for a device, or for every GPU. */
export function synchronize(name?: DeviceLike): void {
  const all = name === undefined ? devices() : [new Device(name)];
  for (const each of all) each.synchronize();
}
