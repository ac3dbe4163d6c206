import { autocastDtype } from './autocast';
import { native } from './load-native';
import { Tensor } from './tensor';

/** Everything is float32 and contiguous, on the processor. */
export interface PerceptronTensors {
  /**
   * In one vector, one after the other: scale and shift of the normalised input `[in]` each, and weight and bias of the
   * three layers, `[hidden, in]`, `[hidden]`, `[hidden, hidden]`, `[hidden]`, `[out, hidden]`, `[out]`.
   */
  parameters: Tensor;
  /** `[in]` */
  runningMean: Tensor;
  runningVar: Tensor;
  /** int64, no dimensions. */
  numBatchesTracked: Tensor;
}

export interface PerceptronOptions {
  hidden: number;
  outputs: number;
  /** Normalises by the batch and moves the running statistics; otherwise by the running ones. */
  training: boolean;
  /** Whether tanh follows the last layer. */
  bounded: boolean;
  momentum: number;
  eps: number;
  /** Slope of the rectifiers below 0. */
  leak: number;
}

/**
 * Batch normalisation, two hidden layers with leaky rectifiers and a linear layer in one call, with gradients: as the
 * same operators one by one, but for rounding. It pays where layers are so small that calls take as long as products.
 *
 * @param input [rows, in] to [rows, out]
 * @returns null when something is of another kind than said above, and nothing was done
 */
export function perceptron(input: Tensor, tensors: PerceptronTensors, options: PerceptronOptions): Tensor | null {
  if (autocastDtype('cpu')) return null;
  const { parameters, runningMean, runningVar, numBatchesTracked } = tensors;
  const handle = native.perceptron(
    input.handle,
    parameters.handle,
    runningMean.handle,
    runningVar.handle,
    numBatchesTracked.handle,
    options,
  );
  return handle === null ? null : new Tensor(handle);
}
