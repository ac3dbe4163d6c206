import type { DeviceLike } from './device';
import { dtypeOfArray, isComplex, isDType, type DType, type TypedArray } from './dtype';
import { packElements, type Element } from './element-values';
import { native } from './load-native';
import { describeValue } from './operator-arguments';
import { requireOptions } from './options';
import { Tensor, type NestedArray } from './tensor';

export interface TensorOptions {
  dtype?: DType;
  device?: DeviceLike;
  requiresGrad?: boolean;
}

const OPTIONS = { dtype: true, device: true, requiresGrad: true, shape: true } as const;

function requireDType(where: string, dtype: unknown): void {
  if (dtype === undefined || isDType(dtype)) return;
  throw new TypeError(`${where}: option 'dtype' must be a dtype such as 'float32', got ${describeValue(dtype)}`);
}

function shapeOf(data: NestedArray): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0] as NestedArray) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(data: NestedArray, shape: readonly number[], depth: number, into: Element[]): void {
  if (!Array.isArray(data)) {
    const known = typeof data === 'number' || typeof data === 'bigint' || typeof data === 'boolean' || isComplex(data);
    if (depth !== shape.length)
      throw new TypeError(`tensor: expected an array of ${shape[depth]} at depth ${depth}, got ${describeValue(data)}`);
    if (!known) throw new TypeError(`tensor: expected numbers, bigints or booleans, got ${describeValue(data)}`);
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

function fromNested(data: NestedArray, wanted: DType | undefined): Tensor {
  const shape = shapeOf(data);
  const values: Element[] = [];
  flatten(data, shape, 0, values);
  const { array, packed, dtype } = packElements(values, wanted);
  return convert(native.fromBytes(array, packed, shape), dtype, undefined);
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** A typed array's own dtype, or the complex dtype whose parts it holds in turn, as `toTypedArray` gives them. */
function fromTyped(array: TypedArray, wanted: DType | undefined, shape: readonly number[] | undefined): Tensor {
  const own = dtypeOfArray(array);
  const inPairs = wanted?.startsWith('complex') && shape !== undefined && array.length === 2 * count(shape);
  const pairs = own === 'float32' ? 'complex64' : own === 'float64' ? 'complex128' : undefined;
  const stored = inPairs && pairs && array.length > 0 ? pairs : own;
  return convert(native.fromBytes(array, stored, shape ?? [array.length]), wanted ?? own, undefined);
}

function convert(handle: number, dtype: DType, device: DeviceLike | undefined): Tensor {
  const made = new Tensor(handle);
  const moved = device === undefined ? made.to(dtype) : made.to(device, dtype);
  if (moved !== made) made.dispose();
  return moved;
}

/**
 * A tensor from a number, nested arrays or a typed array; the data is copied. Whole numbers become int64 (`1.0` is one of
 * them in JavaScript; -0 is not), other numbers float32, booleans bool, `{ re, im }` complex64, a typed array keeps its
 * own dtype; `dtype` overrides. Numbers that an integer dtype cannot hold are refused, as PyTorch does; a typed array is
 * converted as by `to`, which cuts them. `shape` lays out a typed array; with a complex dtype and twice as many elements
 * it holds real and imaginary parts in turn.
 */
export function tensor(
  data: NestedArray | TypedArray,
  options: TensorOptions & { shape?: readonly number[] } = {},
): Tensor {
  requireOptions('tensor', options, OPTIONS);
  requireDType('tensor', options.dtype);
  let made: Tensor;
  if (ArrayBuffer.isView(data)) {
    made = fromTyped(data, options.dtype, options.shape);
  } else {
    made = fromNested(data, options.dtype);
    if (options.shape) made = replaced(made, made.reshape([...options.shape]));
  }
  if (options.device !== undefined) made = replaced(made, brought(made, options.device));
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

/** Elements that go by way of pinned memory, which libtorch keeps for the next time: ids, masks, lengths, not weights. */
const MOST_PINNED = 2 ** 17;

/**
 * A tensor of the processor's on a device. A GPU takes a small one from pinned memory, by a copy that is queued like other
 * work: any other is waited for, and with it everything that was queued before.
 */
function brought(made: Tensor, device: DeviceLike): Tensor {
  if (!String(device).startsWith('cuda') || made.numel() > MOST_PINNED) return made.to(device);
  const pinned = made.pinMemory();
  const there = pinned._toCopy({ device, nonBlocking: true });
  pinned.dispose();
  return there;
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
  requireOptions('fromBytes', options, OPTIONS);
  requireDType('fromBytes', options.dtype);
  const made = convert(native.fromBytes(bytes, options.dtype, options.shape), options.dtype, options.device);
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}
