import { native } from './load-native';

/** What this libtorch knows of CUDA. */
export const cuda = {
  /** The CUDA that libtorch was built for, such as `13.0`; null for a build without it. */
  get version(): string | null {
    const { version } = native.cuda();
    return version === 0 ? null : `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
  },

  /** Whether tensors can lie on `cuda`: a build with CUDA, a driver, and a GPU. */
  isAvailable(): boolean {
    return native.cuda().devices > 0;
  },

  /** GPUs that a build with CUDA finds; 0 for one without. */
  deviceCount(): number {
    return native.cuda().devices;
  },

  /**
   * Whether products of float32 on CUDA may be computed of TF32: 10 bits of the fraction instead of 23, and several times
   * as fast. False until it is set, whatever libtorch's default and the variable TORCH_ALLOW_TF32_CUBLAS_OVERRIDE say; it
   * counts for the whole process, workers included.
   */
  get allowTf32(): boolean {
    return native.allowTf32();
  },
  set allowTf32(on: boolean) {
    if (typeof on !== 'boolean') throw new TypeError(`cuda.allowTf32: expected true or false, got ${String(on)}`);
    native.setAllowTf32(on);
  },

  /** In one line why there is no `cuda` here; null where there is. */
  whyUnavailable(): string | null {
    const { version, devices, problem } = native.cuda();
    if (devices > 0) return null;
    if (version === 0) return 'this libtorch is built without CUDA';
    const told = problem.split('\n')[0].trim().replace(/\.$/, '');
    return `this libtorch is built for CUDA ${cuda.version} and finds no GPU: ${told || 'there is none'}`;
  },
};
