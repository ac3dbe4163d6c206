import { Device, isDeviceName } from './device';
import { isComplex, isDType, LAYOUTS, MEMORY_FORMATS, type Scalar } from './dtype';
import { Generator } from './generator';
import type { Argument } from './schema';
import { Tensor } from './tensor';

/** How well a value fits an argument. `Loose`: a one-element tensor where a number is wanted. */
export const enum Fit {
  None,
  Loose,
  Exact,
}

/** A conversion of a fitting value to what the addon takes. */
type Convert = (value: never) => unknown;

interface Rule {
  /** For messages. */
  wanted: string;
  fit(value: unknown): Fit;
  convert?: Convert;
  /** Of a list: whether one element fits. */
  element?: (value: unknown) => boolean;
}

/** A number in a tensor's place. It becomes a tensor for the length of the call. */
export class NumberTensor {
  constructor(readonly value: Scalar) {}
}

const exact = (fits: boolean): Fit => (fits ? Fit.Exact : Fit.None);
const oneOf = (names: readonly string[]) => (value: unknown) =>
  exact(typeof value === 'string' && names.includes(value));
const isWhole = (value: unknown) => typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
const isReal = (value: unknown) => typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
const isScalar = (value: unknown): value is Scalar => isReal(value) || isComplex(value);

/** PyTorch's rule: a tensor may stand for a number if it has no dimensions, and no gradient that would be lost. */
const standsFor = (value: unknown, dtypes: RegExp): Fit =>
  value instanceof Tensor && !value.isDisposed && value.dim() === 0 && !value.requiresGrad && dtypes.test(value.dtype)
    ? Fit.Loose
    : Fit.None;

const toScalar = (value: Tensor | Scalar): Scalar => (value instanceof Tensor ? value.item<Scalar & number>() : value);

function fitFloat(value: unknown): Fit {
  if (typeof value === 'number') return Fit.Exact;
  return isReal(value) ? Fit.Loose : standsFor(value, /^(?!complex)/);
}

/** Handles of a list of tensors, NaN for none: what the addon takes for `Tensor[]`. */
export function handles(list: readonly (Tensor | null | undefined)[]): Float64Array {
  const found = new Float64Array(list.length);
  for (let i = 0; i < list.length; i++) found[i] = list[i]?.handle ?? NaN;
  return found;
}

const SINGLE: Record<string, Rule> = {
  Tensor: { wanted: 'a tensor', fit: (v) => exact(v instanceof Tensor), convert: (v: Tensor) => v.handle },
  int: { wanted: 'an integer', fit: (v) => (isWhole(v) ? Fit.Exact : standsFor(v, /int/)), convert: toScalar },
  float: { wanted: 'a number', fit: fitFloat, convert: (v: Tensor | number) => Number(toScalar(v)) },
  bool: { wanted: 'a boolean', fit: (v) => exact(typeof v === 'boolean') },
  Scalar: { wanted: 'a number', fit: (v) => (isScalar(v) ? Fit.Exact : standsFor(v, /./)), convert: toScalar },
  str: { wanted: 'a string', fit: (v) => exact(typeof v === 'string') },
  ScalarType: { wanted: "a dtype such as 'float32'", fit: (v) => exact(isDType(v)) },
  Layout: { wanted: "a layout such as 'strided'", fit: oneOf(LAYOUTS) },
  MemoryFormat: { wanted: "a memory format such as 'channels_last'", fit: oneOf(MEMORY_FORMATS) },
  Device: {
    wanted: "a device such as 'cuda:0'",
    fit: (v) => exact(isDeviceName(v)),
    convert: (v: Device | string) => String(v),
  },
  Generator: { wanted: 'a generator', fit: (v) => exact(v instanceof Generator), convert: (v: Generator) => v.id },
};

/** Where PyTorch's functions take a number for a tensor: `torch.mul(2, x)`. */
const NUMBER_OR_TENSOR: Rule = {
  wanted: 'a tensor or a number',
  fit: (v) => (v instanceof Tensor ? Fit.Exact : isScalar(v) ? Fit.Loose : Fit.None),
  convert: (v: Tensor | Scalar) => (v instanceof Tensor ? v.handle : new NumberTensor(v)),
};

/** The operators that do; PyTorch's argument parser has the same list. */
export const TAKES_NUMBERS: ReadonlySet<string> = new Set(
  [...['add', 'sub', 'subtract', 'mul', 'multiply', 'div', 'divide', 'true_divide', 'floor_divide', 'copy']].flatMap(
    (name) => [name, `${name}_`],
  ),
);

const asArray = (value: ArrayLike<unknown>) => (Array.isArray(value) ? (value as unknown[]) : Array.from(value));
const isMissing = (value: unknown) => value === null || value === undefined;

/** An array, or a typed array where numbers are wanted, of elements that all fit. */
function listOf(wanted: string, element: (value: unknown) => boolean, convert: Convert = asArray): Rule {
  const fits = (value: unknown) => {
    if (Array.isArray(value)) return value.every(element);
    return ArrayBuffer.isView(value) && !(value instanceof DataView) && asArray(value as never).every(element);
  };
  return { wanted, fit: (v) => exact(fits(v)), convert, element };
}

const isTensor = (value: unknown) => value instanceof Tensor;

const LISTS: Record<string, Rule> = {
  Tensor: listOf('an array of tensors', isTensor, handles),
  int: listOf('an array of integers', isWhole),
  float: listOf('an array of numbers', (each) => typeof each === 'number'),
  bool: listOf('an array of booleans', (each) => typeof each === 'boolean'),
  Scalar: listOf('an array of numbers', isScalar),
};

const OPTIONAL_TENSORS = listOf('an array of tensors and nulls', (each) => isMissing(each) || isTensor(each), handles);

const NONE: Rule = { wanted: 'a value that JavaScript cannot make', fit: () => Fit.None };

/** `int[2]`: a single number stands for the list. */
function repeated(list: Rule, single: Rule): Rule {
  return {
    wanted: `${single.wanted} or ${list.wanted}`,
    element: list.element,
    fit: (v) => (Array.isArray(v) || ArrayBuffer.isView(v) ? list.fit(v) : exact(single.fit(v) === Fit.Exact)),
    convert: (v: ArrayLike<unknown> | number) => (typeof v === 'object' ? asArray(v) : v),
  };
}

/** What an argument of the operator of that name, as libtorch writes it, may be given. */
export function ruleFor(argument: Argument, operator: string): Rule {
  const single = SINGLE[argument.base] ?? NONE;
  const takesNumbers = argument.base === 'Tensor' && argument.written === null && TAKES_NUMBERS.has(operator);
  if (!argument.list) return takesNumbers ? NUMBER_OR_TENSOR : single;
  if (argument.optionalElements) return OPTIONAL_TENSORS;
  const list = LISTS[argument.base] ?? NONE;
  return argument.repeat > 0 ? repeated(list, single) : list;
}

/** For messages: what a value is, shortly. */
export function describeValue(value: unknown): string {
  if (value instanceof Tensor) {
    if (value.isDisposed) return 'a disposed tensor';
    const gradient = value.requiresGrad ? ' that requires a gradient' : '';
    return `a tensor ${value.dtype} [${value.shape.join(', ')}]${gradient}`;
  }
  if (typeof value === 'string') return `'${value.slice(0, 30)}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = value.constructor?.name ?? 'Object';
  return name === 'Object' ? 'an object' : `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** For messages: the first element that does not fit, or what the value is. */
export function describeMisfit(rule: Rule, value: unknown): string {
  if (!rule.element || !Array.isArray(value)) return describeValue(value);
  const at = value.findIndex((each) => !rule.element?.(each));
  return at < 0 ? describeValue(value) : `${describeValue(value[at])} at [${at}]`;
}
