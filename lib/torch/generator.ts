import { Device, type DeviceLike } from './device';
import { native } from './load-native';
import { requireOptions } from './options';
import { useOwnRandomState } from './random-state';
import { Tensor } from './tensor';

// Ends of life are seen late, when the event loop turns; generators are few and small.
const dropped = new FinalizationRegistry<number>((id) => native.dropGenerator(id));

/** A random number generator of its own: `torch.randn([2], { generator })`. Not for use from two workers at once. */
export class Generator {
  /** @internal */
  readonly id: number;

  constructor(options: { seed?: number | bigint; device?: DeviceLike } = {}) {
    requireOptions('generator', options, { seed: true, device: true });
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
 * Seeds what is drawn without a generator, on every device. Each worker has random numbers of its own, and so has each
 * run in it (`soo.finetune`, `training.train`, what `torch.forkRng` calls): seeding one changes no other.
 */
export function manualSeed(seed: number | bigint): void {
  useOwnRandomState();
  native.manualSeed(seed);
}

/** The state of what is drawn without a generator on a device, as uint8. */
export function getRngState(device: DeviceLike = 'cpu'): Tensor {
  useOwnRandomState();
  return new Tensor(native.rngState(new Device(device).toString()));
}

export function setRngState(state: Tensor, device: DeviceLike = 'cpu'): void {
  useOwnRandomState();
  native.setRngState(new Device(device).toString(), state.handle);
}
