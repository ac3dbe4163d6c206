import type { Tensor } from './tensor';

// tensor.ts needs hooks and autograd, which make tensors themselves: they reach its class through here.

type TensorClass = new (handle: number) => Tensor;
let tensorClass: TensorClass | undefined;

export function setTensorClass(constructor: TensorClass): void {
  tensorClass = constructor;
}

/** The tensor of a fresh handle. */
export function wrap(handle: number): Tensor {
  if (!tensorClass) throw new Error('soo-torch: a tensor was made before lib/torch was loaded');
  return new tensorClass(handle);
}
