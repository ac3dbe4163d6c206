import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DType, Tensor } from '../../lib/torch';
import { torch } from '../device';

/** A tensor as the `make_*.py` scripts write it. */
export interface Written {
  shape: number[];
  dtype: DType;
  values: number[];
}

/** Reads the numbers that `test/parity/make_<name>.py` wrote. */
export function expected<T>(name: string): T {
  return JSON.parse(readFileSync(join(__dirname, `${name}.json`), 'utf8')) as T;
}

export function written({ shape, dtype, values }: Written): Tensor {
  return torch.tensor(values, { dtype }).reshape(shape);
}

/** The largest distance between a tensor and the written numbers; NaN when shapes or dtypes differ. */
export function distance(actual: Tensor, wanted: Written): number {
  if (String(actual.shape) !== String(wanted.shape) || actual.dtype !== wanted.dtype) return NaN;
  return largestDifference(numbers(actual), wanted.values);
}

/** All entries as plain numbers, row by row. */
export function numbers(tensor: Tensor): number[] {
  return torch.scope(() => Array.from<number | bigint>(tensor.detach().cpu().contiguous().toTypedArray())).map(Number);
}

export function largestDifference(actual: readonly number[], wanted: readonly number[]): number {
  if (actual.length !== wanted.length) return NaN;
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
}

/**
 * How far rounding alone may move the logarithm of a mean squared difference. Activations and actions are of size 1, and
 * kernels that sum in another order leave their float32 apart by a few units in the last place: by 2^-21. Their
 * difference has the root mean square r = exp(log / 2), so its square moves by 2 * 2^-21 / r of itself, and the logarithm
 * by as much: by little at r = 0.1, by all there is to know at r = 1e-6. The logarithm itself is rounded on both sides.
 */
export function roundingOfLog(log: number): number {
  return (2 * 2 ** -21) / Math.exp(log / 2) + 2 ** -23 * Math.max(1, Math.abs(log));
}
