import { native } from './load-native';
import type { NativeOperator } from './native';
import { isComplex } from './dtype';
import { describeMisfit, Fit, NumberTensor, ruleFor } from './operator-arguments';
import { isPlainObject } from './options';
import { useOwnRandomState } from './random-state';
import { camelCase, parseSchema, rank, type Argument, type Returned, type Schema } from './schema';
import { Tensor } from './tensor';

type Keywords = Record<string, unknown>;

/** One overload, ready to be called. */
export interface Overload {
  schema: Schema;
  rules: ReturnType<typeof ruleFor>[];
  call: NativeOperator;
  /** Where the method's own tensor goes: the argument called `self`, or -1. */
  selfAt: number;
  /** It changes its first argument in place and gives it back. */
  returnsSelf: boolean;
}

/** An overload chosen for good. */
export interface LearntCall {
  overload: Overload;
  run: NativeOperator;
  /** It gives one new tensor. */
  makesTensor: boolean;
}

/** All overloads of one name, parsed when first needed. */
export interface OperatorFamily {
  /** In camelCase. */
  name: string;
  indices: number[];
  overloads?: Overload[];
  /** Overloads that calls with the same kinds of simple arguments have chosen; see learnt-calls.ts. */
  chosen: Map<number, Overload | null>;
  learnt: Map<number, LearntCall | null>;
}

function nativeCall(index: number): NativeOperator {
  const run = native.operatorFunction(index);
  if (!native.operatorDraws(index)) return run;
  return (...values) => {
    useOwnRandomState();
    return run(...values);
  };
}

function prepare(index: number): Overload {
  const schema = parseSchema(native.operatorSchema(index));
  const written = schema.arguments[0]?.written ?? null;
  return {
    schema,
    rules: schema.arguments.map((argument) => ruleFor(argument, schema.name)),
    call: nativeCall(index),
    selfAt: schema.arguments.findIndex(({ name, base, list }) => name === 'self' && base === 'Tensor' && !list),
    returnsSelf: written !== null && schema.returns[0]?.written === written,
  };
}

function overloadsOf(family: OperatorFamily): Overload[] {
  family.overloads ??= family.indices.map(prepare).sort((a, b) => rank(a.schema) - rank(b.schema));
  return family.overloads;
}

/** Whether a value is the options object at the end of a call. */
export function isKeywords(value: unknown): value is Keywords {
  return isPlainObject(value) && !isComplex(value);
}

interface Binding {
  values: unknown[];
  loose: boolean;
  /** Reads numbers out of tensors that stand for them, which waits for their device: only for the overload that is taken. */
  read(): void;
}

interface Misfit {
  /** Given values that fitted: the overload with most is the one that was meant. */
  fitted: number;
  /** The argument that did not fit, and what it takes; null for other problems. */
  argument: string | null;
  wanted: string;
  optional: boolean;
  problem: string;
}

function misfit(fitted: number, { name, optional }: Argument, rule: Overload['rules'][number], got: unknown): Misfit {
  const problem = got === undefined ? 'is missing' : `got ${describeMisfit(rule, got)}`;
  return { fitted, argument: name, wanted: rule.wanted, optional, problem };
}

/** Lays the caller's values out in the schema's order, or tells what does not fit. */
function bind(overload: Overload, positional: readonly unknown[], keywords: Keywords | undefined): Binding | Misfit {
  const { schema, rules } = overload;
  const values: unknown[] = new Array(schema.arguments.length);
  const taken = new Set<string>();
  const late: (() => void)[] = [];
  let position = 0;
  let fitted = 0;
  const other = (problem: string) => ({ fitted, argument: null, wanted: '', optional: false, problem });
  for (let i = 0; i < schema.arguments.length; i++) {
    const argument = schema.arguments[i];
    const rule = rules[i];
    let value: unknown;
    if (!argument.keywordOnly && position < positional.length) {
      value = positional[position++];
      if (keywords?.[argument.name] !== undefined) {
        return { ...other(`argument '${argument.name}' is given twice`), fitted: fitted + 1 };
      }
    } else if (keywords && Object.hasOwn(keywords, argument.name)) {
      value = keywords[argument.name];
      taken.add(argument.name);
    }
    const mayMiss = argument.hasDefault || argument.optional;
    if (mayMiss && (value === undefined || value === null)) continue;
    const fit = value === undefined ? Fit.None : rule.fit(value);
    if (fit === Fit.None) return misfit(fitted, argument, rule, value);
    fitted += 1;
    const put = (): void => void (values[i] = rule.convert ? rule.convert(value as never) : value);
    if (fit === Fit.Loose) late.push(put);
    else put();
  }
  if (position < positional.length) return other(`takes at most ${position} arguments, got ${positional.length}`);
  const bound = { values, loose: late.length > 0, read: () => late.forEach((put) => put()) };
  const unknown = keywords && Object.keys(keywords).find((name) => !taken.has(name) && keywords[name] !== undefined);
  return unknown === undefined ? bound : other(`there is no argument '${unknown}'`);
}

/** One line from what kept each overload from fitting: what was wanted where the nearest ones failed. */
function explain(family: OperatorFamily, misfits: readonly Misfit[]): string {
  const most = Math.max(...misfits.map(({ fitted }) => fitted));
  const nearest = misfits.filter(({ fitted }) => fitted === most);
  // A value that was given and does not fit tells more than an argument that another overload lacks.
  const first = nearest.find(({ argument, problem }) => argument !== null && problem !== 'is missing') ?? nearest[0];
  if (!first) return `${family.name}: it is no method of a tensor`;
  if (first.argument === null) return `${family.name}: ${first.problem}`;
  const same = nearest.filter(({ argument }) => argument === first.argument);
  const kinds = new Set(same.flatMap((each) => each.wanted.split(' or ')));
  const wanted = [...kinds, ...(same.some(({ optional }) => optional) ? ['null'] : [])].join(' or ');
  return first.problem === 'is missing'
    ? `${family.name}: argument '${first.argument}' is missing: wanted ${wanted}`
    : `${family.name}: argument '${first.argument}' must be ${wanted}, ${first.problem}`;
}

export interface Choice extends Binding {
  overload: Overload;
}

/** The first overload that fits exactly, or else the first that fits loosely. Throws when none does. */
export function choose(family: OperatorFamily, self: Tensor | undefined, args: readonly unknown[]): Choice {
  const last = args.at(-1);
  const keywords = isKeywords(last) ? last : undefined;
  const rest = keywords ? args.slice(0, -1) : args;
  let loose: Choice | undefined;
  const misfits: Misfit[] = [];
  for (const overload of overloadsOf(family)) {
    if (self && overload.selfAt < 0) continue;
    const positional = self ? [...rest.slice(0, overload.selfAt), self, ...rest.slice(overload.selfAt)] : rest;
    const binding = bind(overload, positional, keywords);
    if ('problem' in binding) misfits.push(binding);
    else if (!binding.loose) return { ...binding, overload };
    else loose ??= { ...binding, overload };
  }
  if (loose) {
    loose.read();
    return loose;
  }
  throw new TypeError(explain(family, misfits));
}

function wrapOne(returned: Returned, raw: unknown): unknown {
  if (returned.base !== 'Tensor' || raw === null || raw === undefined) return raw;
  return returned.list ? (raw as number[]).map((handle) => new Tensor(handle)) : new Tensor(raw as number);
}

/** An argument that was written to comes back as the caller's own object. */
function finish({ schema }: Overload, raw: unknown, callersTensor: (written: string) => unknown): unknown {
  const { returns } = schema;
  const one = (returned: Returned, value: unknown) =>
    returned.written === null ? wrapOne(returned, value) : callersTensor(returned.written);
  if (returns.length === 0) return undefined;
  if (returns.length === 1) return one(returns[0], raw);
  return returns.map((returned, i) => one(returned, (raw as unknown[])[i]));
}

function findWritten(overload: Overload, self: Tensor | undefined, args: readonly unknown[], written: string): unknown {
  const at = overload.schema.arguments.findIndex((argument) => argument.written === written);
  const name = overload.schema.arguments[at]?.name ?? '';
  const last = args.at(-1);
  if (isKeywords(last) && Object.hasOwn(last, name)) return last[name];
  if (!self) return args[at];
  return at === overload.selfAt ? self : args[at - (at > overload.selfAt ? 1 : 0)];
}

/** What the caller gets for what the addon gave. */
export function resultOf(
  overload: Overload,
  raw: unknown,
  self: Tensor | undefined,
  args: readonly unknown[],
): unknown {
  return finish(overload, raw, (written) => findWritten(overload, self, args, written));
}

/** Calls the overload that fits; `self` is the tensor of a method call. */
export function call(family: OperatorFamily, self: Tensor | undefined, args: readonly unknown[]): unknown {
  const { overload, values } = choose(family, self, args);
  const numbers: number[] = [];
  try {
    values.forEach((value, i) => {
      if (value instanceof NumberTensor) numbers.push((values[i] = native.numberTensor(value.value)));
    });
    return resultOf(overload, overload.call(...values), self, args);
  } finally {
    for (const handle of numbers) native.dispose(handle);
  }
}

/** Calls one overload by its full name, `add.Tensor`. */
export function overloadFunction(index: number): (...args: unknown[]) => unknown {
  const name = camelCase(native.operatorNames()[index]?.split('.')[0] ?? '');
  const family: OperatorFamily = { name, indices: [index], chosen: new Map(), learnt: new Map() };
  return (...args) => call(family, undefined, args);
}
