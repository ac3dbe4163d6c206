import { handles } from './operator-arguments';
import { call, choose, resultOf, type LearntCall, type Overload, type OperatorFamily } from './operator-call';
import { Tensor } from './tensor';

// Short ways to an operator. Choosing an overload and laying out its arguments costs two to four microseconds, more than
// many operators take. For simple arguments the choice depends on nothing but their kinds, so it is made once.

/** Numbers and tensors, as most calls have them. 0: another kind. */
function commonKind(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? 2 : 3;
    case 'boolean':
      return 4;
    case 'object':
      return value instanceof Tensor ? 1 : 0;
    default:
      return 0;
  }
}

const handleOr = (value: unknown) => (value instanceof Tensor ? value.handle : value);

/** Chooses an overload for these kinds of arguments, for good; null if such calls have to take another way. */
function learnCommon(
  family: OperatorFamily,
  key: number,
  first: Tensor,
  rest: readonly unknown[],
  method: boolean,
): Overload | null {
  const { overload, loose } = method ? choose(family, first, rest) : choose(family, undefined, [first, ...rest]);
  // A loose fit depends on the values, not on their kinds.
  const learnt = !loose && isCommon(overload, rest.length + 1) ? overload : null;
  if (!loose) family.chosen.set(key, learnt);
  return learnt;
}

/** One tensor (or the first argument itself) comes back, and the values may be passed on as they are. */
function isCommon({ schema, selfAt, returnsSelf }: Overload, count: number): boolean {
  const [returned] = schema.returns;
  return (
    selfAt === 0 &&
    schema.returns.length === 1 &&
    returned?.base === 'Tensor' &&
    !returned.list &&
    (returned.written === null || returnsSelf) &&
    schema.arguments.slice(0, count).every(({ list }) => !list)
  );
}

export const NOT_COMMON = Symbol('not common');

/**
 * The shortest way, for a tensor and up to two arguments that are tensors, numbers and booleans: what it leaves out
 * shows in the one-element operators of bench/run.ts. A method's tensor goes where the operator has `self`, a function's
 * first.
 */
export function callCommon(
  family: OperatorFamily,
  self: Tensor,
  count: number,
  a: unknown,
  b: unknown,
  method: boolean,
): unknown {
  const kindA = count > 0 ? commonKind(a) : 7;
  const kindB = count > 1 ? commonKind(b) : 7;
  if (kindA === 0 || kindB === 0) return NOT_COMMON;
  const key = (method ? 64 : 0) + kindA * 8 + kindB;
  let overload = family.chosen.get(key);
  if (overload === undefined) overload = learnCommon(family, key, self, [a, b].slice(0, count), method);
  if (overload === null) return NOT_COMMON;
  const { call: run, returnsSelf } = overload;
  const raw =
    count === 0
      ? run(self.handle)
      : count === 1
        ? run(self.handle, handleOr(a))
        : run(self.handle, handleOr(a), handleOr(b));
  return returnsSelf ? self : new Tensor(raw as number);
}

/** Also nulls, and arrays of integers or of tensors. */
function simpleKind(value: unknown): number {
  if (value === undefined || value === null) return 5;
  return Array.isArray(value) ? arrayKind(value) : commonKind(value);
}

/** 6: integers, 7: tensors. An empty array could be either. */
function arrayKind(values: readonly unknown[]): number {
  const kind = commonKind(values[0]);
  if (kind !== 1 && kind !== 2) return 0;
  for (let i = 1; i < values.length; i++) if (commonKind(values[i]) !== kind) return 0;
  return kind === 2 ? 6 : 7;
}

function forAddon(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Tensor) return value.handle;
  return (value as unknown[])[0] instanceof Tensor ? handles(value as Tensor[]) : value;
}

function learn(
  family: OperatorFamily,
  key: number,
  self: Tensor | undefined,
  args: readonly unknown[],
): LearntCall | null {
  const { overload, loose } = choose(family, self, args);
  if (loose) return null;
  const { schema, selfAt, call: run } = overload;
  const [returned] = schema.returns;
  const makesTensor =
    schema.returns.length === 1 &&
    returned?.base === 'Tensor' &&
    !returned.list &&
    !returned.optional &&
    returned.written === null;
  // A method's own tensor is passed first.
  const learnt = self && selfAt !== 0 ? null : { overload, run, makesTensor };
  family.learnt.set(key, learnt);
  return learnt;
}

const MOST_ARGUMENTS = 6;

/** The short way for a few simple arguments; whatever else is called takes the long way. */
export function callSimple(family: OperatorFamily, self: Tensor | undefined, args: readonly unknown[]): unknown {
  if (args.length > MOST_ARGUMENTS) return call(family, self, args);
  // Kinds are digits other than 0 after a leading one, so that calls of different length differ.
  let key = self ? 1 : 2;
  for (let i = 0; i < args.length; i++) {
    const kind = simpleKind(args[i]);
    if (kind === 0) return call(family, self, args);
    key = key * 8 + kind;
  }
  let learnt = family.learnt.get(key);
  if (learnt === undefined) learnt = learn(family, key, self, args);
  if (learnt === null) return call(family, self, args);
  const values = args.map(forAddon);
  const raw = self ? learnt.run(self.handle, ...values) : learnt.run(...values);
  return learnt.makesTensor ? new Tensor(raw as number) : resultOf(learnt.overload, raw, self, args);
}
