import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NativeAddon } from '../../lib/torch/native';
import { parseSchema, type Argument, type Schema } from '../../lib/torch/schema';
import { cast, chance, dense, DTYPES, inUnusualForm, SHAPES, size, value, type ValueMaker } from './operator-values';

// Calls that operators accept (calls.json, which make_calls.py writes), changed here and there: what passes an
// operator's first checks goes deeper than random arguments do.

interface Tensor {
  dtype: string;
  shape: readonly number[];
  /** For integers, which are often indices. */
  values?: readonly number[];
  /** Elements of a kind that `dense` knows, instead of ordinary ones. */
  kind?: number;
  unusual?: boolean;
}

const ORDINARY = 2;
const MOST_ELEMENTS = 10_000;

const calls = JSON.parse(readFileSync(join(__dirname, 'calls.json'), 'utf8')) as Record<string, unknown[]>;
const isTensor = (each: unknown): each is Tensor => typeof each === 'object' && each !== null && 'dtype' in each;

/** `add` for `add_.Tensor`: overloads of one base take like arguments. */
const baseOf = (name: string): string => name.replace(/\..*/, '').replace(/(?<=[^_])_$/, '');

/** The recorded arguments of `name` or of the overloads of its base, by the names of the arguments. */
export class RecordedCalls {
  private readonly byBase = new Map<string, Map<string, unknown>[]>();

  constructor(native: NativeAddon) {
    native.operatorNames().forEach((name, i) => {
      const values = calls[name];
      if (values === undefined) return;
      const names = parseSchema(native.operatorSchema(i)).arguments.map((argument) => argument.name);
      const found = this.byBase.get(baseOf(name)) ?? [];
      found.push(new Map(names.map((each, at) => [each, values[at]])));
      this.byBase.set(baseOf(name), found);
    });
  }

  /** Arguments for `schema`, some of them changed; null when nothing is recorded. */
  changed(maker: ValueMaker, schema: Schema): unknown[] | null {
    const { random } = maker;
    const found = this.byBase.get(baseOf(schema.name));
    if (found === undefined) return null;
    const recorded = random.pick(found);
    const values: unknown[] = schema.arguments.map(({ name }) => recorded.get(name) ?? undefined);
    const tensors = values.flat().filter(isTensor);
    for (let left = random.below(4); left > 0 && values.length > 0; left--) {
      const at = random.below(values.length);
      values[at] = changedValue(maker, schema.arguments[at], values[at], tensors);
    }
    return values.map((each, at) => made(maker, schema.arguments[at], each));
  }
}

/** A recorded value as the addon takes it. */
function made(maker: ValueMaker, argument: Argument, each: unknown): unknown {
  if (each === undefined) return argument.optional || argument.hasDefault ? undefined : value(maker, argument);
  if (isTensor(each)) return argument.base === 'Tensor' ? madeTensor(maker, each) : undefined;
  if (!Array.isArray(each)) return each;
  if (argument.base !== 'Tensor') return each;
  return Float64Array.from(each, (one: unknown) =>
    isTensor(one) ? madeTensor(maker, one) : typeof one === 'number' ? one : NaN,
  );
}

function madeTensor(maker: ValueMaker, { dtype, shape, values, kind, unusual }: Tensor): number {
  const handle =
    values !== undefined && values.length === size(shape)
      ? cast(
          maker,
          maker.native.fromBytes(
            BigInt64Array.from(values, (each) => BigInt(each)),
            'int64',
            shape,
          ),
          dtype,
        )
      : dense(maker, shape, dtype, kind ?? ORDINARY);
  if (unusual === true) return inUnusualForm(maker, handle);
  if (/^(float|complex)/.test(dtype) && chance(maker.random, 25)) maker.native.setRequiresGrad(handle, true);
  return handle;
}

function changedValue(maker: ValueMaker, argument: Argument, each: unknown, tensors: readonly Tensor[]): unknown {
  const { random } = maker;
  if (isTensor(each)) return changedTensor(maker, each, tensors);
  if (Array.isArray(each) && chance(random, 80)) return changedList(maker, argument, each, tensors);
  if (typeof each === 'boolean') return !each;
  if (Number.isInteger(each) && chance(random, 60)) return (each as number) + random.pick([1, -1, 2, -2]);
  return value(maker, argument);
}

function changedList(
  maker: ValueMaker,
  argument: Argument,
  list: readonly unknown[],
  tensors: readonly Tensor[],
): unknown[] {
  const { random } = maker;
  const result = [...list];
  const at = random.below(result.length);
  switch (random.below(4)) {
    case 0:
      result.splice(at, 1);
      break;
    case 1:
      result.push(result[at] ?? (argument.base === 'Tensor' ? undefined : 1));
      break;
    default:
      if (result.length > 0) {
        result[at] = changedValue(
          maker,
          { ...argument, list: false, optional: false, hasDefault: false },
          result[at],
          tensors,
        );
      }
  }
  return result;
}

function changedTensor(maker: ValueMaker, tensor: Tensor, tensors: readonly Tensor[]): Tensor {
  const { random } = maker;
  const { dtype, shape, values } = tensor;
  switch (random.below(9)) {
    case 0:
    case 1:
      return { dtype, shape, kind: random.below(8) };
    case 2:
    case 3:
      return { dtype, shape: changedShape(maker, shape) };
    case 4:
      return { dtype, shape: random.pick(SHAPES) };
    case 5:
      return { dtype: random.pick(DTYPES), shape };
    case 6:
      return random.pick(tensors);
    case 7: {
      const at = random.below(values?.length ?? 0);
      return {
        ...tensor,
        values: values?.map((each, i) => (i === at ? each + random.pick([1, -1, 5, 100, -100]) : each)),
      };
    }
    default:
      return { ...tensor, unusual: true };
  }
}

function changedShape({ random }: ValueMaker, shape: readonly number[]): readonly number[] {
  if (shape.length === 0) return [random.below(3)];
  const result = [...shape];
  const at = random.below(result.length);
  const here = result[at];
  switch (random.below(5)) {
    case 0:
      result[at] = random.below(2);
      break;
    case 1:
      result[at] = here + 1;
      break;
    case 2:
      result[at] = Math.max(0, here - 1);
      break;
    case 3:
      result.splice(at, 1);
      break;
    default:
      result.splice(at, 0, 1 + random.below(2));
  }
  return size(result) > MOST_ELEMENTS ? shape : result;
}
