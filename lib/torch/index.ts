import { autocast } from './autocast';
import { enableGrad, grad, inferenceMode, isGradEnabled, isInferenceMode, noGrad } from './autograd';
import { backward } from './backward';
import { checkpoint } from './checkpoint';
import { fromBytes, tensor } from './create';
import { cuda } from './cuda';
import { customFunction } from './custom-function';
import { device, devices, synchronize } from './device';
import { formatTensor } from './format';
import { generator, getRngState, manualSeed, setRngState } from './generator';
import { canPack } from './kernels';
import { libtorch, native } from './load-native';
import { mapFile } from './mapped-file';
import { installOperators, op, operators } from './operators';
import { forkRng } from './random-state';
import { scope } from './scope';
import { Tensor } from './tensor';
import { receive, share, withdraw } from './transfer';
import { version } from './version';
import { setTensorClass } from './wrap';

setTensorClass(Tensor);
// Printing calls operators, which know the class.
Object.defineProperty(Tensor.prototype, 'toString', {
  value(this: Tensor): string {
    return this.isDisposed ? 'Tensor (disposed)' : formatTensor(this);
  },
  writable: true,
  configurable: true,
});

/** Number of threads that one operator may use when this worker calls it; each worker has its own. */
function getNumThreads(): number {
  return native.numThreads();
}

function setNumThreads(threads: number): void {
  native.setNumThreads(threads);
}

/** Tensors that this environment holds, and the bytes of their distinct storages. */
function memory(): { tensors: number; bytes: number } {
  native.sweep();
  return native.memory();
}

/** Everything of libtorch: all operators as functions, and what lies around them. */
export const torch = Object.assign(installOperators(), {
  autocast,
  backward,
  canPack,
  checkpoint,
  cuda,
  customFunction,
  device,
  devices,
  enableGrad,
  forkRng,
  fromBytes,
  generator,
  getNumThreads,
  getRngState,
  grad,
  inferenceMode,
  isGradEnabled,
  isInferenceMode,
  manualSeed,
  mapFile,
  memory,
  noGrad,
  op,
  operators,
  receive,
  scope,
  setNumThreads,
  setRngState,
  share,
  synchronize,
  tensor,
  version: version(libtorch, native),
  withdraw,
});

export { Tensor };
export { autocastDtype, type AutocastDType, type AutocastOptions } from './autocast';
export {
  criticGradient,
  policyGradient,
  type ActorCriticBatch,
  type ActorCriticTarget,
  type GradientAndLoss,
} from './actor-critic';
export { graphRecorder, graphReplays, type CapturedGraph, type GraphRecorder } from './cuda-graph';
export { Device, Event, Stream, type DeviceLike } from './device';
export { inFloat32, isHalf } from './half-precision';
export {
  DTYPES,
  isDType,
  type Complex,
  type DType,
  type Layout,
  type MemoryFormat,
  type Scalar,
  type TypedArray,
} from './dtype';
export { formatTensor } from './format';
export { Generator } from './generator';
export {
  cachedAttention,
  clippedAdamStep,
  dequantizeGgml,
  frozenLinear,
  frozenWideLinear,
  PackedWeight,
  plainRmsNorm,
  promptAttention,
  type AdamStep,
} from './kernels';
export { MappedFile, releaseMapped } from './mapped-file';
export { dequantiseNf4, nf4Linear, quantiseBlocks, quantiseNf4, type Nf4Operand, type Quantised } from './nf4';
export { requireOptions } from './options';
export { perceptron, type PerceptronOptions, type PerceptronTensors } from './perceptron';
export { isOutOfMemory } from './out-of-memory';
export { drawApart, withRandomStateOfNow } from './random-state';
export { Scope } from './scope';
export { takeHandle, type NestedArray } from './tensor';
export type { DeviceMemory } from './native';
export type { BackwardOptions } from './backward';
export type { Computation } from './checkpoint';
export type { CustomFunction, FunctionContext } from './custom-function';
export type { GradOptions } from './autograd';
export type { HookHandle } from './hooks';
export type { TensorOptions } from './create';
export type { ShareOptions, Ticket } from './transfer';
