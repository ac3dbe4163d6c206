import type { DeviceLike } from './device';
import { dtypeOfArray, type DType, type TypedArray } from './dtype';
import { native } from './load-native';
import { Tensor, type NestedArray } from './tensor';

export interface TensorOptions {
  dtype?: DType;
  device?: DeviceLike;
  requiresGrad?: boolean;
}

interface Flat {
  values: (number | bigint | boolean)[];
  shape: number[];
}

function shapeOf(data: NestedArray): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0] as NestedArray) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(data: NestedArray, shape: readonly number[], depth: number, into: Flat['values']): void {
  if (!Array.isArray(data)) {
    const known = typeof data === 'number' || typeof data === 'bigint' || typeof data === 'boolean';
    if (depth !== shape.length)
      throw new TypeError(`tensor: expected an array of ${shape[depth]} at depth ${depth}, got ${String(data)}`);
    if (!known)
      throw new TypeError(`tensor: expected numbers, bigints or booleans, got ${data === null ? 'null' : typeof data}`);
    into.push(data);
    return;
  }
  if (depth >= shape.length || data.length !== shape[depth]) {
    throw new TypeError(
      `tensor: expected ${depth < shape.length ? `an array of ${shape[depth]}` : 'a number'} at depth ${depth}, got an array of ${data.length}`,
    );
  }
  for (const element of data) flatten(element, shape, depth + 1, into);
}

/** Python's rule: booleans, whole numbers as int64, others as float32. */
function natural({ values }: Flat): 'bool' | 'int64' | 'float32' {
  if (values.length === 0) return 'float32';
  if (values.every((value) => typeof value === 'boolean')) return 'bool';
  const whole = (value: unknown) =>
    typeof value === 'bigint' || typeof value === 'boolean' || Number.isSafeInteger(value);
  return values.every(whole) ? 'int64' : 'float32';
}

/** The value as a bigint, which must survive being cut to 64 bits. */
function within(value: number | bigint | boolean, cut: (bits: number, value: bigint) => bigint, dtype: DType): bigint {
  const whole = BigInt(value);
  if (cut(64, whole) !== whole) throw new RangeError(`tensor: ${whole} does not fit in ${dtype}`);
  return whole;
}

function pack(flat: Flat, dtype: DType): { array: TypedArray; dtype: DType } {
  const kind = natural(flat);
  if (kind === 'bool') return { array: Uint8Array.from(flat.values, Number), dtype: 'bool' };
  if (kind === 'int64' && !/float|complex/.test(dtype)) {
    return dtype === 'uint64'
      ? { array: BigUint64Array.from(flat.values, (value) => within(value, BigInt.asUintN, dtype)), dtype }
      : { array: BigInt64Array.from(flat.values, (value) => within(value, BigInt.asIntN, 'int64')), dtype: 'int64' };
  }
  // Through float64, so that float64 keeps every digit and float32 is rounded once.
  return { array: Float64Array.from(flat.values, Number), dtype: 'float64' };
}

function fromArray(data: NestedArray, wanted: DType | undefined): Tensor {
  const flat: Flat = { values: [], shape: shapeOf(data) };
  flatten(data, flat.shape, 0, flat.values);
  const dtype = wanted ?? natural(flat);
  const packed = pack(flat, dtype);
  return convert(native.fromBytes(packed.array, packed.dtype, flat.shape), dtype, undefined);
}

function convert(handle: number, dtype: DType, device: DeviceLike | undefined): Tensor {
  const made = new Tensor(handle);
  const moved = device === undefined ? made.to(dtype) : made.to(device, dtype);
  if (moved !== made) made.dispose();
  return moved;
}

/**
 * A tensor from a number, nested arrays or a typed array; the data is copied. Whole numbers become int64, other numbers
 * float32, booleans bool, a typed array keeps its own dtype; `dtype` overrides. `shape` lays out a typed array.
 */
export function tensor(
  data: NestedArray | TypedArray,
  options: TensorOptions & { shape?: readonly number[] } = {},
): Tensor {
  let made: Tensor;
  if (ArrayBuffer.isView(data)) {
    const own = dtypeOfArray(data);
    made = convert(native.fromBytes(data, own, options.shape ?? [data.length]), options.dtype ?? own, undefined);
  } else {
    made = fromArray(data, options.dtype);
    if (options.shape) made = replaced(made, made.reshape([...options.shape]));
  }
  if (options.device !== undefined) made = replaced(made, made.to(options.device));
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

function replaced(before: Tensor, after: Tensor): Tensor {
  if (before !== after) before.dispose();
  return after;
}

/** A tensor from raw little-endian bytes, as `Tensor.bytes` gives them; they are copied. */
export function fromBytes(
  bytes: Uint8Array,
  options: TensorOptions & { dtype: DType; shape: readonly number[] },
): Tensor {
  const made = convert(native.fromBytes(bytes, options.dtype, options.shape), options.dtype, options.device);
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}
