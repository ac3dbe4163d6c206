import { isComplex, type Complex, type DType, type TypedArray } from './dtype';

// Numbers of JavaScript as elements of a dtype, and back.

export type Element = number | bigint | boolean | Complex;

/** Python's rule: booleans, whole numbers as int64, others as float32, complex ones as complex64. */
function naturalDType(values: readonly Element[]): 'bool' | 'int64' | 'float32' | 'complex64' {
  if (values.length === 0) return 'float32';
  if (values.some(isComplex)) return 'complex64';
  if (values.every((value) => typeof value === 'boolean')) return 'bool';
  return values.every(isWhole) ? 'int64' : 'float32';
}

/** -0 is none: an integer cannot hold it. */
function isWhole(value: Element): boolean {
  return typeof value === 'number' ? Number.isSafeInteger(value) && !Object.is(value, -0) : !isComplex(value);
}

interface Range {
  least: bigint;
  most: bigint;
}

/** The integers that a dtype takes: of those without sign, negative ones stand for their bits, as in PyTorch. */
function rangeOf(dtype: DType): Range | null {
  const found = /^(u?)int(\d+)$/.exec(dtype);
  if (!found) return null;
  const bits = BigInt(found[2]);
  if (found[1] === '') return { least: -(2n ** (bits - 1n)), most: 2n ** (bits - 1n) - 1n };
  const most = 2n ** bits - 1n;
  return { least: bits === 64n ? 0n : -most, most };
}

/** The value as an integer of that range; a fraction is cut off, as PyTorch does. */
function toInteger(value: number | bigint | boolean, dtype: DType, { least, most }: Range): bigint {
  const fraction = typeof value === 'number' && !Number.isInteger(value);
  const lowest = fraction && dtype.startsWith('u') ? 0n : least;
  const number = typeof value === 'boolean' ? Number(value) : value;
  if (!(number >= lowest && number <= most)) throw new RangeError(`tensor: ${value} does not fit in ${dtype}`);
  return BigInt(typeof number === 'number' ? Math.trunc(number) : number);
}

function realOf(value: Element, dtype: DType): number | bigint | boolean {
  if (isComplex(value)) throw new TypeError(`tensor: a complex number does not fit in ${dtype}`);
  return value;
}

function complexPairs(values: readonly Element[]): Float64Array {
  const pairs = new Float64Array(2 * values.length);
  values.forEach((value, i) => {
    pairs[2 * i] = isComplex(value) ? value.re : Number(value);
    pairs[2 * i + 1] = isComplex(value) ? value.im : 0;
  });
  return pairs;
}

export interface PackedElements {
  array: TypedArray;
  /** The dtype of `array`, which holds every value that `dtype` does. */
  packed: DType;
  /** The dtype that was wanted, or that the values have by nature. */
  dtype: DType;
}

/** Lays out values so that converting them from `packed` to `dtype` rounds once. */
export function packElements(values: readonly Element[], wanted: DType | undefined): PackedElements {
  const dtype = wanted ?? naturalDType(values);
  if (dtype.startsWith('complex')) return { array: complexPairs(values), packed: 'complex128', dtype };
  const real = (value: Element) => realOf(value, dtype);
  const truth = (value: Element) => (Number(real(value)) === 0 ? 0 : 1);
  if (dtype === 'bool') return { array: Uint8Array.from(values, truth), packed: dtype, dtype };
  const range = rangeOf(dtype);
  if (!range) return { array: Float64Array.from(values, (value) => Number(real(value))), packed: 'float64', dtype };
  const integers = values.map((value) => toInteger(real(value), dtype, range));
  return dtype === 'uint64'
    ? { array: BigUint64Array.from(integers), packed: dtype, dtype }
    : { array: BigInt64Array.from(integers), packed: 'int64', dtype };
}

/** What `Tensor.toArray` gives for the elements of `Tensor.toTypedArray`. */
export function plainValues(array: TypedArray, dtype: DType): Element[] {
  if (dtype === 'bool') return Array.from(array as Uint8Array, (value) => value !== 0);
  if (dtype.startsWith('complex')) {
    const parts = array as Float64Array;
    return Array.from({ length: parts.length / 2 }, (_, i) => ({ re: parts[2 * i], im: parts[2 * i + 1] }));
  }
  return Array.from(array as ArrayLike<number | bigint>, (value) => {
    const number = Number(value);
    return typeof value === 'bigint' && !Number.isSafeInteger(number) ? value : number;
  });
}
