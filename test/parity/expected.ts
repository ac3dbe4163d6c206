import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { torch, type DType, type Tensor } from '../../lib/torch';

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
