import { Device, type DeviceLike } from './device';
import { native } from './load-native';
import { requireOptions } from './options';
import { requireSynchronous } from './scope';

/** What autocast computes in. */
export type AutocastDType = 'bfloat16' | 'float16';

/** By kind of device. */
export type Autocast = ReadonlyMap<string, AutocastDType>;

export interface AutocastOptions {
  /** Its kind counts: operators on every device of it cast. */
  device: DeviceLike;
  /** Null: inside of `work` nothing is cast, whatever is around it. */
  dtype: AutocastDType | null;
}

let current: Autocast = new Map();

/** What is in force in this environment, for {@link withAutocast}. */
export const autocastNow = (): Autocast => current;

/** What operators on that device cast to; null where they cast nothing. */
export const autocastDtype = (device: DeviceLike): AutocastDType | null =>
  current.size === 0 ? null : (current.get(typeOf(device)) ?? null);

const typeOf = (device: DeviceLike): string => (device instanceof Device ? device : new Device(device)).type;

/**
 * Runs synchronous `work` in which operators that gain by it (products of matrices, attention, convolutions) cast what they
 * are given to `dtype`, and those that lose by it compute in float32: libtorch's own lists. Weights stay what they are, and
 * so does what runs beside it in other workers. Call `backward` outside: gradients have the dtype of what they belong to.
 *
 *     const loss = torch.autocast({ device: 'cuda', dtype: 'bfloat16' }, () => lossOf(model, batch));
 *
 * @throws TypeError where `work` gives a promise: what comes after an `await` would not be cast
 */
export function autocast<T>(options: AutocastOptions, work: () => T): T {
  requireOptions('autocast', options, { device: true, dtype: true });
  const type = typeOf(options.device);
  const { dtype } = options;
  if (dtype !== null && dtype !== 'bfloat16' && dtype !== 'float16')
    throw new TypeError(`autocast: expected dtype 'bfloat16', 'float16' or null, got '${String(dtype)}'`);
  const inside = new Map(current);
  if (dtype === null) inside.delete(type);
  else inside.set(type, dtype);
  return withAutocast(inside, () => requireSynchronous('autocast', work()));
}

/** Runs `work` with what was in force elsewhere, as a computation is done again that was done there. */
export function withAutocast<T>(wanted: Autocast, work: () => T): T {
  const before = current;
  enter(wanted);
  try {
    return work();
  } finally {
    enter(before);
  }
}

function enter(wanted: Autocast): void {
  for (const type of new Set([...current.keys(), ...wanted.keys()]))
    if (current.get(type) !== wanted.get(type)) native.setAutocast(type, wanted.get(type) ?? null);
  // What weights were cast to is of the dtype from before, and of their numbers from before the next step.
  if (current.size > 0) native.clearAutocastCache();
  current = wanted;
}
