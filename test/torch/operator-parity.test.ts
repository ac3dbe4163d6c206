import t from 'tap';
import type { DType, Tensor } from '../../lib/torch';
import { camelCase } from '../../lib/torch/schema';
import { torch } from '../device';
import { expected } from '../parity/expected';

type Value = number | boolean | string;
interface Written {
  shape: number[];
  dtype: DType;
  values: Value[];
  complex?: boolean;
}
interface Case {
  op: string;
  inputs: Written[];
  args: unknown[];
  outputs: Written[];
}

const { operators } = expected<{ operators: Case[] }>('torch');

/** JSON has no word for NaN and infinities: they come as text. */
const plain = (value: Value): number | boolean =>
  typeof value === 'string' ? Number(value.replace('inf', 'Infinity')) : value;

function read({ shape, dtype, values }: Written): Tensor {
  return torch.tensor(values.map(plain), { dtype, shape });
}

/** `{ "tensor": 0 }` stands for the first input, alone or in an array. */
function argument(value: unknown, inputs: readonly Tensor[]): unknown {
  if (Array.isArray(value)) return value.map((each) => argument(each, inputs));
  const slot = (value as { tensor?: number } | null)?.tensor;
  return slot === undefined ? value : inputs[slot];
}

const EPSILON: Partial<Record<DType, number>> = { float16: 1e-3, bfloat16: 8e-3, float64: 1e-12, complex64: 2e-6 };

function difference(tensor: Tensor, wanted: Written): number {
  const numbers = Array.from<number | bigint>(tensor.toTypedArray()).map(Number);
  const distance = (value: number, i: number) => {
    const other = Number(
      String(wanted.values[i]).replace('inf', 'Infinity').replace('true', '1').replace('false', '0'),
    );
    return Object.is(value, other) ? 0 : Math.abs(value - other) / Math.max(1, Math.abs(other));
  };
  return numbers.length === wanted.values.length ? Math.max(0, ...numbers.map(distance)) : Infinity;
}

t.test('operators give what Python gives, with its shapes and dtypes', async (t) => {
  for (const [i, { op, inputs, args, outputs }] of operators.entries()) {
    torch.scope(() => {
      const tensors = inputs.map(read);
      const values = args.map((value) => argument(value, tensors));
      const call = (torch as unknown as Record<string, (...args: unknown[]) => Tensor | Tensor[]>)[op];
      const result = call?.(...values);
      const results = Array.isArray(result) ? result : [result];
      t.equal(results.length, outputs.length, `${i} ${op}: results`);
      outputs.forEach((wanted, k) => {
        const got = results[k];
        const real = wanted.complex ? got.viewAsReal() : got;
        t.same([real.dtype, real.shape], [wanted.dtype, wanted.shape], `${i} ${op}: dtype and shape`);
        const error = difference(real, wanted);
        t.ok(error <= (EPSILON[real.dtype] ?? 2e-6), `${i} ${op}: off by ${error}`);
      });
    });
  }
});

const withSelf = torch.operators().filter(({ schema }) => /^aten::[\w.]+\(Tensor(\([^)]*\))? self[,)]/.test(schema));
const methods = new Set(withSelf.map(({ name }) => camelCase(name.split('.')[0])));

t.test('the method gives the same bits as the function', async (t) => {
  for (const { op, inputs, args, outputs } of operators) {
    if ((args[0] as { tensor?: number } | null)?.tensor !== 0 || !methods.has(op)) continue;
    torch.scope(() => {
      const tensors = inputs.map(read);
      const [self, ...rest] = args.map((value) => argument(value, tensors)) as [Tensor, ...unknown[]];
      const method = (self as unknown as Record<string, (...args: unknown[]) => Tensor | Tensor[]>)[op];
      const results = [method?.call(self, ...rest)].flat();
      t.equal(results.length, outputs.length, op);
      outputs.forEach((wanted, k) => {
        const got = results[k];
        t.ok(difference(wanted.complex ? got.viewAsReal() : got, wanted) <= 8e-3, op);
      });
    });
  }
});
