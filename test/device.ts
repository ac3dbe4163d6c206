/**
 * Where test bodies run: on the device that SOO_TEST_DEVICE names (`cuda:0`, `standin:0`), by default on the processor,
 * where everything here is what the library exports. Only what the bodies make themselves goes there: the library has to know
 * by itself where a tensor lies. Random inputs are drawn on the processor, so that every device is given the same ones.
 */
import { loadModel as loadPlainModel, padLeft as plainPadLeft } from '../lib/models';
import type { AnyModule } from '../lib/nn';
import { pairBatch as plainPairBatch } from '../lib/soo';
import { torch as plain, type DeviceLike, type Tensor } from '../lib/torch';
import { loadStandIn, type StandIn } from './native/stand-in';

export const DEVICE = (process.env.SOO_TEST_DEVICE || 'cpu') as DeviceLike & string;
/** The pretend accelerator, where that is where tests run. */
export const standIn: StandIn | null = DEVICE.startsWith('standin') ? loadStandIn() : null;
export const onCpu = DEVICE === 'cpu';
/** For what a body says of the processor's own kernels, memory or bytes: an option of `t.test`. */
export const CPU_ONLY = { skip: onCpu ? false : `is about the processor, and runs on ${DEVICE}` };

const MAKERS = [
  ...['tensor', 'fromBytes', 'zeros', 'ones', 'full', 'empty', 'eye', 'arange', 'linspace', 'logspace'],
  ...['rand', 'randn', 'randint', 'randperm', 'trilIndices', 'triuIndices'],
] as const;

type Maker = (...args: unknown[]) => Tensor;

function namesDevice(args: readonly unknown[]): boolean {
  const options = args.at(-1);
  return typeof options === 'object' && options !== null && 'device' in options && options.device !== undefined;
}

/** Makes a tensor as ever and moves it; a leaf that wants a gradient is one there too. */
function moving(make: Maker): Maker {
  return (...args) => {
    if (namesDevice(args)) return make(...args);
    return plain.scope(() => {
      const made = make(...args);
      const moved = made.detach().to(DEVICE);
      return made.requiresGrad ? moved.requiresGrad_(true) : moved;
    });
  };
}

function onDevice(): typeof plain {
  const makers = MAKERS.map((name) => [name, moving(plain[name] as unknown as Maker)]);
  return Object.assign(Object.create(plain) as typeof plain, Object.fromEntries(makers));
}

/** `torch`, whose makers put tensors on the device where they are not told another. */
export const torch = onCpu ? plain : onDevice();

/** A module on the device. */
export function placed<M extends AnyModule>(module: M): M {
  return onCpu ? module : module.to(DEVICE);
}

/** A model on the device, in the dtype that the processor would give it. */
export const loadModel: typeof loadPlainModel = (folder, options = {}) =>
  loadPlainModel(folder, { device: DEVICE, dtype: 'float32', ...options });

export const padLeft: typeof plainPadLeft = (sequences, options = {}) =>
  plainPadLeft(sequences, { device: DEVICE, ...options });

export const pairBatch: typeof plainPairBatch = (pairs, options = {}) =>
  plainPairBatch(pairs, { device: DEVICE, ...options });
