import type { Tensor } from './tensor';

/** Whether numbers of that dtype have 8 or 11 significant bits: sums and logarithms of them are wrong in the third digit. */
export function isHalf(dtype: string): boolean {
  return dtype === 'bfloat16' || dtype === 'float16';
}

/** The tensor in float32 where it is of half precision, and itself otherwise: losses and norms are computed on that. */
export function inFloat32(tensor: Tensor): Tensor {
  return isHalf(tensor.dtype) ? tensor.to('float32') : tensor;
}
