import { Device, type DeviceLike } from './device';
import { native } from './load-native';
import { Tensor } from './tensor';

// Ends of life are seen late, when the event loop turns; generators are few and small.
const dropped = new FinalizationRegistry<number>((id) => native.dropGenerator(id));

/** A random number generator of its own: `torch.randn([2], { generator })`. Not for use from two workers at once. */
export class Generator {
  /** @internal */
  readonly id: number;

  constructor(options: { seed?: number | bigint; device?: DeviceLike } = {}) {
    this.id = native.makeGenerator(String(options.device ?? 'cpu'), options.seed ?? 0);
    dropped.register(this, this.id);
  }

  /** The whole state, as uint8; `setState` continues from there with the same bits. */
  getState(): Tensor {
    return new Tensor(native.rngState(this.id));
  }

  setState(state: Tensor): void {
    native.setRngState(this.id, state.handle);
  }
}

export function generator(options?: { seed?: number | bigint; device?: DeviceLike }): Generator {
  return new Generator(options);
}

/**
 * Seeds libtorch's own generators, on every device. They belong to the process: workers that draw at the same time
 * share them, so give each worker a `generator` where its numbers must repeat.
 */
export function manualSeed(seed: number | bigint): void {
  native.manualSeed(seed);
}

/** The state of libtorch's own generator on a device, as uint8. */
export function getRngState(device: DeviceLike = 'cpu'): Tensor {
  return new Tensor(native.rngState(new Device(device).toString()));
}

export function setRngState(state: Tensor, device: DeviceLike = 'cpu'): void {
  native.setRngState(new Device(device).toString(), state.handle);
}
