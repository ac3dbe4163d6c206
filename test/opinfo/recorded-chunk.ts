import { torch, type DType, type Tensor } from '../../lib/torch';
import { camelCase } from '../../lib/torch/schema';

// The calls that record_calls.py writes, as values of JavaScript.

/** A tensor's memory: `extent` elements from byte `t` on, in which it lies with those strides. */
interface WrittenTensor {
  t: number;
  extent: number;
  dtype: DType;
  shape: number[];
  stride: number[];
}

type Written =
  | null
  | boolean
  | number
  | string
  | WrittenTensor
  | { int: string }
  | { float: string }
  | { complex: [string, string] }
  | Written[];

export interface Call {
  /** `add.Tensor` */
  name: string;
  args: Written[];
  options: Record<string, Written>;
  outputs: Written[];
  /** Arguments that the call changes, by position: what they hold after it. */
  written: Record<string, Written>;
  /** Of the outputs' sum, for each argument that is a floating-point tensor. */
  grads: Written[] | null;
  /** Its values are random or unset: only shapes and dtypes tell. */
  random: boolean;
}

const number = (text: string): number => Number(text.replace('inf', 'Infinity'));

/** Whether a call has a float like `2.0`, which JavaScript does not tell from the integer. */
export function hasWholeFloat(values: readonly Written[]): boolean {
  return values.some((value) =>
    Array.isArray(value)
      ? hasWholeFloat(value)
      : typeof value === 'object' && value !== null && 'float' in value && Number.isInteger(Number(value.float)),
  );
}

export class RecordedChunk {
  constructor(
    readonly calls: readonly Call[],
    private readonly data: Buffer,
  ) {}

  /** Fresh arguments of a call, as a caller of the binding writes them. */
  argumentsOf(call: Call): { args: unknown[]; options: Record<string, unknown> } {
    const named = Object.entries(call.options).map(([name, value]) => [camelCase(name), this.valueOf(value)] as const);
    return { args: call.args.map((value) => this.valueOf(value)), options: Object.fromEntries(named) };
  }

  valueOf(value: Written): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((each) => this.valueOf(each));
    if ('t' in value) return this.tensor(value);
    if ('int' in value) return BigInt(value.int);
    if ('float' in value) return number(value.float);
    return { re: number(value.complex[0]), im: number(value.complex[1]) };
  }

  private tensor({ t, extent, dtype, shape, stride }: WrittenTensor): Tensor {
    const bits = dtype === 'bool' ? 8 : Number(/\d+/.exec(dtype)?.[0]);
    const bytes = new Uint8Array(this.data.subarray(t, t + (extent * bits) / 8));
    const flat = torch.fromBytes(bytes, { dtype, shape: [extent] });
    return flat.asStrided(shape, stride).detach();
  }
}
