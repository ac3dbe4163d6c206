import { Device, isDeviceName } from './device';
import { isDType, LAYOUTS, MEMORY_FORMATS } from './dtype';
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
}

const exact = (fits: boolean): Fit => (fits ? Fit.Exact : Fit.None);
const oneOf = (names: readonly string[]) => (value: unknown) =>
  exact(typeof value === 'string' && names.includes(value));
const isWhole = (value: unknown) => typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
const isSingle = (value: unknown): boolean => value instanceof Tensor && !value.isDisposed && value.numel() === 1;
const number = (value: Tensor | number) => (value instanceof Tensor ? value.item() : value);
const orSingle = (fits: boolean, value: unknown): Fit => (fits ? Fit.Exact : isSingle(value) ? Fit.Loose : Fit.None);

/** Handles of a list of tensors, NaN for none: what the addon takes for `Tensor[]`. */
export function handles(list: readonly (Tensor | null | undefined)[]): Float64Array {
  const found = new Float64Array(list.length);
  for (let i = 0; i < list.length; i++) found[i] = list[i]?.handle ?? NaN;
  return found;
}

const SINGLE: Record<string, Rule> = {
  Tensor: { wanted: 'a tensor', fit: (v) => exact(v instanceof Tensor), convert: (v: Tensor) => v.handle },
  int: { wanted: 'an integer', fit: (v) => orSingle(isWhole(v), v), convert: number },
  float: { wanted: 'a number', fit: (v) => orSingle(typeof v === 'number', v), convert: number },
  bool: { wanted: 'a boolean', fit: (v) => exact(typeof v === 'boolean') },
  Scalar: {
    wanted: 'a number',
    fit: (v) => orSingle(typeof v === 'number' || typeof v === 'bigint' || typeof v === 'boolean', v),
    convert: number,
  },
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

function isNumberList(value: unknown, element: (value: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.every(element);
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

const asArray = (value: ArrayLike<unknown>) => (Array.isArray(value) ? (value as unknown[]) : Array.from(value));
const isMissing = (value: unknown) => value === null || value === undefined;

const LISTS: Record<string, Rule> = {
  Tensor: {
    wanted: 'an array of tensors',
    fit: (v) => exact(Array.isArray(v) && v.every((each) => each instanceof Tensor)),
    convert: handles,
  },
  int: { wanted: 'an array of integers', fit: (v) => exact(isNumberList(v, isWhole)), convert: asArray },
  float: {
    wanted: 'an array of numbers',
    fit: (v) => exact(isNumberList(v, (each) => typeof each === 'number')),
    convert: asArray,
  },
  bool: { wanted: 'an array of booleans', fit: (v) => exact(isNumberList(v, (each) => typeof each === 'boolean')) },
  Scalar: {
    wanted: 'an array of numbers',
    fit: (v) => exact(isNumberList(v, (each) => ['number', 'bigint', 'boolean'].includes(typeof each))),
    convert: asArray,
  },
};

const OPTIONAL_TENSORS: Rule = {
  wanted: 'an array of tensors and nulls',
  fit: (v) => exact(Array.isArray(v) && v.every((each) => isMissing(each) || each instanceof Tensor)),
  convert: handles,
};

const NONE: Rule = { wanted: 'a value that JavaScript cannot make', fit: () => Fit.None };

/** `int[2]`: a single number stands for the list. */
function repeated(list: Rule, single: Rule): Rule {
  return {
    wanted: `${single.wanted} or ${list.wanted}`,
    fit: (v) => (Array.isArray(v) || ArrayBuffer.isView(v) ? list.fit(v) : exact(single.fit(v) === Fit.Exact)),
    convert: (v: ArrayLike<unknown> | number) => (typeof v === 'object' ? asArray(v) : v),
  };
}

export function ruleFor(argument: Argument): Rule {
  const single = SINGLE[argument.base] ?? NONE;
  if (!argument.list) return single;
  if (argument.optionalElements) return OPTIONAL_TENSORS;
  const list = LISTS[argument.base] ?? NONE;
  return argument.repeat > 0 ? repeated(list, single) : list;
}

/** For messages: what a value is, shortly. */
export function describeValue(value: unknown): string {
  if (value instanceof Tensor)
    return value.isDisposed ? 'a disposed tensor' : `a tensor ${value.dtype} [${value.shape.join(', ')}]`;
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `'${value.slice(0, 30)}'`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'function' ? 'a function' : `a ${value.constructor?.name ?? 'object'}`;
}
