/** Element types by the names PyTorch uses. */
export const DTYPES = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
  'complex64',
  'complex128',
  'complex32',
  'uint16',
  'uint32',
  'uint64',
  'float8_e4m3fn',
  'float8_e5m2',
  'float8_e4m3fnuz',
  'float8_e5m2fnuz',
  'qint8',
  'quint8',
  'qint32',
] as const;

export type DType = (typeof DTYPES)[number];

export const MEMORY_FORMATS = ['contiguous_format', 'preserve_format', 'channels_last', 'channels_last_3d'] as const;
export type MemoryFormat = (typeof MEMORY_FORMATS)[number];

export const LAYOUTS = ['strided', 'sparse_coo', 'sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc'] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface Complex {
  re: number;
  im: number;
}

/**
 * A number as libtorch's operators take it. Whole numbers are integers, as `2` is in Python, however they are written:
 * `2.0` is the same number in JavaScript. -0 is none, and `{ re, im }` is complex.
 */
export type Scalar = number | bigint | boolean | Complex;

/** Whether a value is `{ re, im }`. */
export function isComplex(value: unknown): value is Complex {
  if (typeof value !== 'object' || value === null) return false;
  const { re, im } = value as Partial<Complex>;
  return typeof re === 'number' && typeof im === 'number' && Object.keys(value).length === 2;
}

const known: ReadonlySet<string> = new Set(DTYPES);

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && known.has(value);
}

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

type TypedArrayConstructor = new (length: number) => TypedArray;

/** The typed array that holds a dtype's elements as they are. Half precision has none on Node 20. */
const ARRAYS: Partial<Record<DType, TypedArrayConstructor>> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  // Real and imaginary parts in turn.
  complex64: Float32Array,
  complex128: Float64Array,
};

export function typedArrayFor(dtype: DType): TypedArrayConstructor | undefined {
  return ARRAYS[dtype];
}

/** Bytes of one element; the dtypes' names tell their bits. */
export function itemSize(dtype: DType): number {
  return Number(/\d+/.exec(dtype)?.[0] ?? 8) / 8;
}

/** By the name of their class, which is the same in every realm. */
const DTYPE_OF_ARRAY: Partial<Record<string, DType>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int8Array: 'int8',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
};

/** The dtype that a typed array's elements have. */
export function dtypeOfArray(array: ArrayBufferView): DType {
  const name = Object.prototype.toString.call(array).slice('[object '.length, -1);
  const dtype = DTYPE_OF_ARRAY[name];
  if (dtype === undefined) throw new TypeError(`tensor: a ${name} has no dtype`);
  return dtype;
}
