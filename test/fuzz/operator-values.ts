import type { NativeAddon } from '../../lib/torch/native';
import type { Argument, Schema } from '../../lib/torch/schema';
import type { Random } from './edits';

// Arguments of the right kind and of any value: what a schema allows and a kernel may not expect.

export const SHAPES: readonly (readonly number[])[] = [
  [],
  [0],
  [1],
  [2],
  [3],
  [4],
  [7],
  [1, 1],
  [2, 3],
  [3, 3],
  [4, 4],
  [2, 0],
  [0, 3],
  [8, 2],
  [2, 3, 4],
  [2, 2, 2],
  [1, 3, 0],
  [3, 1, 5],
  [2, 3, 4, 4],
  [1, 2, 5, 5],
  [1, 1, 1, 1],
  [2, 0, 4, 4],
  [1, 2, 3, 4, 4],
  [2, 2, 2, 2, 2],
  [1, 1, 2, 2, 2, 2],
];

export const DTYPES = [
  ...['float32', 'float32', 'float32', 'float32', 'float64', 'float64', 'int64', 'int64', 'int64', 'int32', 'bool'],
  ...['uint8', 'int8', 'int16', 'float16', 'bfloat16', 'complex64', 'complex128', 'uint16', 'uint32', 'uint64'],
  ...['float8_e4m3fn', 'complex32'],
];
const QUANTISED = ['qint8', 'quint8', 'qint32'];
const LAYOUTS = ['strided', 'sparse_coo', 'sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc'];
const FORMATS = ['contiguous_format', 'preserve_format', 'channels_last', 'channels_last_3d'];

const SMALL = [0, 1, 2, 3, -1, -2, 4, 5, 1, 2];
const LARGE: readonly (number | bigint)[] = [
  ...[8, 16, 64, 100, -100, 1000, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1],
  ...[2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 62n), 2n ** 61n + 1n],
];
const FLOATS = [0, 1, -1, 0.5, 0.1, 2, 1e-8, 1e300, -1e300, 1e38, NaN, Infinity, -Infinity, -0, 3];
const STRINGS = [
  ...['mean', 'sum', 'none', 'reflect', 'constant', 'bilinear', 'ij', 'xy', 'floor', 'trunc', 'fro', 'nuc', 'forward'],
  ...['ortho', 'backward', 'linear', 'higher', 'left', 'L', 'U', 'V', 'reduced', 'complete', 'r', 'tanh', 'erf'],
  ...['ij,jk->ik', 'ii->i', '...i->...', 'a->b', 'gelsd', 'gelsy', 'prod', 'amax', 'amin', 'reduce', 'add', 'multiply'],
  ...['', 'x'.repeat(1000), 'relu', '\0', 'int8', 'fbgemm'],
];

export interface ValueMaker {
  native: NativeAddon;
  random: Random;
  /** Most tensors of a case share these, so that checks of shapes and dtypes are passed now and then. */
  shape: readonly number[];
  dtype: string;
  generator: number;
}

export function valueMaker(native: NativeAddon, random: Random, generator: number): ValueMaker {
  return { native, random, generator, shape: random.pick(SHAPES), dtype: random.pick(DTYPES) };
}

export const chance = (random: Random, percent: number): boolean => random.below(100) < percent;

function element(random: Random, kind: number, i: number): number {
  switch (kind) {
    case 0:
      return random.below(4);
    case 1:
      return 0;
    case 2:
      return (random.below(2001) - 1000) / 500;
    case 3:
      return random.pick([-1, 0, 1, 5, -7, 100]);
    case 4:
      return random.pick([NaN, Infinity, -Infinity, 1e30, -1e30, 0]);
    case 5:
      return random.pick([2 ** 31, -(2 ** 31), 2 ** 40, -(2 ** 52), 127, 255, 65535]);
    default:
      return i;
  }
}

export const size = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1);

/** A tensor of `shape` with elements of some kind: small, none, strange. */
export function dense(
  maker: ValueMaker,
  shape: readonly number[],
  dtype: string,
  kind = maker.random.below(8),
): number {
  const { native, random } = maker;
  const count = size(shape);
  if (/^(u?int|bool)/.test(dtype)) {
    const array = new BigInt64Array(count);
    for (let i = 0; i < count; i++) array[i] = toInteger(element(random, kind, i));
    return cast(maker, native.fromBytes(array, 'int64', shape), dtype);
  }
  const array = new Float64Array(count);
  for (let i = 0; i < count; i++) array[i] = element(random, kind, i);
  return cast(maker, native.fromBytes(array, 'float64', shape), dtype);
}

const toInteger = (value: number): bigint => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : -(2n ** 63n));

const found = new Map<string, (...values: unknown[]) => unknown>();

/** An operator of the addon by its full name. */
export function operator(native: NativeAddon, name: string): (...values: unknown[]) => unknown {
  if (found.size === 0) native.operatorNames().forEach((each, i) => found.set(each, native.operatorFunction(i)));
  return found.get(name) as (...values: unknown[]) => unknown;
}

const run = ({ native }: ValueMaker, name: string, ...values: unknown[]): number =>
  operator(native, name)(...values) as number;

export function cast(maker: ValueMaker, handle: number, dtype: string): number {
  return maker.native.dtype(handle) === dtype ? handle : run(maker, '_to_copy', handle, dtype);
}

/** The same elements in an unusual form: transposed, expanded, sparse, quantised, without data, in a graph. */
function unusual(maker: ValueMaker, handle: number): number {
  const { native, random } = maker;
  const dims = native.dim(handle);
  switch (random.below(13)) {
    case 0:
      return dims > 1 ? run(maker, 'transpose.int', handle, 0, dims - 1) : handle;
    case 1:
      return run(maker, 'expand', run(maker, 'unsqueeze', handle, 0), [3, ...native.shape(handle)]);
    case 2:
      return dims > 0 ? run(maker, 'slice.Tensor', handle, 0, 1) : handle;
    case 3:
      return run(maker, '_to_sparse', handle);
    case 4:
      return run(maker, '_to_sparse_csr', handle);
    case 5:
      return run(maker, 'quantize_per_tensor', cast(maker, handle, 'float32'), 0.1, 0, random.pick(QUANTISED));
    case 6:
      return run(maker, '_to_copy', handle, undefined, undefined, 'meta');
    case 7:
      return run(maker, '_conj', cast(maker, handle, 'complex64'));
    case 8:
      return run(maker, '_neg_view', handle);
    case 9:
      native.setRequiresGrad(handle, true);
      return run(maker, 'mul.Scalar', handle, 2);
    case 10:
      return run(maker, '_efficientzerotensor', native.shape(handle), 'float32');
    case 11:
      return run(maker, '_to_sparse_csc', handle);
    default:
      native.setRequiresGrad(handle, true);
      return handle;
  }
}

export function tensor(maker: ValueMaker): number {
  const { random } = maker;
  if (chance(random, 1)) return disposed(maker);
  const shape = chance(random, 60) ? maker.shape : random.pick(SHAPES);
  const dtype = chance(random, 70) ? maker.dtype : random.pick(DTYPES);
  const handle = dense(maker, shape, dtype);
  return chance(random, 15) ? inUnusualForm(maker, handle) : handle;
}

/** `handle` in another form where its dtype and shape allow it. */
export function inUnusualForm(maker: ValueMaker, handle: number): number {
  try {
    return unusual(maker, handle);
  } catch {
    return handle;
  }
}

function disposed(maker: ValueMaker): number {
  const handle = dense(maker, [2], 'float32');
  maker.native.dispose(handle);
  return handle;
}

function list<T>(maker: ValueMaker, repeat: number, make: () => T): T[] | T {
  const { random } = maker;
  if (repeat > 0 && chance(random, 20)) return make();
  const length = repeat > 0 && chance(random, 70) ? repeat : random.below(6);
  return Array.from({ length }, make);
}

const integer = ({ random }: ValueMaker): number | bigint =>
  chance(random, 85) ? random.pick(SMALL) : random.pick(LARGE);
const float = ({ random }: ValueMaker): number => random.pick(FLOATS);

function scalar(maker: ValueMaker): number | bigint | boolean {
  const kind = maker.random.below(5);
  return kind === 0 ? float(maker) : kind === 1 ? chance(maker.random, 50) : integer(maker);
}

function single(maker: ValueMaker, base: string): unknown {
  const { random } = maker;
  switch (base) {
    case 'Tensor':
      return tensor(maker);
    case 'int':
      return integer(maker);
    case 'float':
      return float(maker);
    case 'bool':
      return chance(random, 50);
    case 'Scalar':
      return scalar(maker);
    case 'str':
      return random.pick(STRINGS);
    case 'ScalarType':
      return random.pick(chance(random, 95) ? DTYPES : QUANTISED);
    case 'Layout':
      return random.pick(chance(random, 70) ? ['strided'] : LAYOUTS);
    case 'MemoryFormat':
      return random.pick(FORMATS);
    case 'Device':
      return random.pick(['cpu', 'cpu', 'cpu', 'meta', 'cuda', 'cuda:7']);
    case 'Generator':
      return maker.generator;
    default:
      return undefined;
  }
}

function tensors(maker: ValueMaker, mayMiss: boolean): Float64Array {
  const length = maker.random.below(4);
  return Float64Array.from({ length }, () => (mayMiss && chance(maker.random, 30) ? NaN : tensor(maker)));
}

/** A random value for one argument. */
export function value(maker: ValueMaker, argument: Argument): unknown {
  const { random } = maker;
  if ((argument.optional || argument.hasDefault) && chance(random, argument.base === 'Device' ? 90 : 45))
    return undefined;
  if (!argument.list) return single(maker, argument.base);
  if (argument.base === 'Tensor') return tensors(maker, argument.optionalElements);
  return list(maker, argument.repeat, () => single(maker, argument.base));
}

/** One random value for every argument of `schema`, as the addon takes them. */
export function argumentsFor(maker: ValueMaker, schema: Schema): unknown[] {
  return schema.arguments.map((argument) => value(maker, argument));
}

/** For reports: what was passed. */
export function shown(native: NativeAddon, schema: Schema, values: readonly unknown[]): string {
  const one = (each: unknown): string => {
    const handle = each as number;
    if (Number.isNaN(handle)) return 'none';
    if (!native.isLive(handle)) return 'disposed';
    return attempt(
      () =>
        `${native.layout(handle)} ${native.dtype(handle)} [${native.shape(handle).join(',')}] on ${native.device(handle)}`,
    );
  };
  const show = (argument: Argument, each: unknown): string => {
    if (each === undefined) return 'default';
    if (argument.base !== 'Tensor')
      return typeof each === 'string'
        ? JSON.stringify(each.slice(0, 20))
        : Array.isArray(each)
          ? `[${each.join(',')}]`
          : String(each);
    return argument.list ? `[${Array.from(each as Float64Array, one).join('; ')}]` : one(each);
  };
  return schema.arguments.map((argument, i) => `${argument.name}=${show(argument, values[i])}`).join(', ');
}

function attempt(work: () => string): string {
  try {
    return work();
  } catch {
    return 'an odd tensor';
  }
}
