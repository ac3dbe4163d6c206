/** GGUF files made from scratch, for tests: also such that nobody should write. */

export type Scalar = { type: number; bytes: Uint8Array };

const numberBytes = (bytes: number, write: (view: DataView) => void): Uint8Array => {
  const view = new DataView(new ArrayBuffer(bytes));
  write(view);
  return new Uint8Array(view.buffer);
};

export const u32 = (value: number): Uint8Array => numberBytes(4, (view) => view.setUint32(0, value, true));
export const u64 = (value: number | bigint): Uint8Array =>
  numberBytes(8, (view) => view.setBigUint64(0, BigInt(value), true));
export const f32 = (value: number): Uint8Array => numberBytes(4, (view) => view.setFloat32(0, value, true));
export const text = (value: string): Uint8Array => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** A value with its type's number before it. */
export type Value = Uint8Array;
export const typed = (type: number, ...bytes: Uint8Array[]): Value => Buffer.concat([u32(type), ...bytes]);
export const aText = (value: string): Value => typed(8, text(value));
export const aNumber = (value: number): Value => typed(4, u32(value));
export const aFloat = (value: number): Value => typed(6, f32(value));
export const aFlag = (value: boolean): Value => typed(7, Uint8Array.of(Number(value)));
export const texts = (values: readonly string[]): Value => typed(9, u32(8), u64(values.length), ...values.map(text));
export const integers = (values: readonly number[]): Value =>
  typed(9, u32(5), u64(values.length), ...values.map((value) => u32(value >>> 0)));
export const floats = (values: readonly number[]): Value => typed(9, u32(6), u64(values.length), ...values.map(f32));

export interface TensorSpec {
  name: string;
  /** Innermost first, as in the file. */
  dimensions: readonly (number | bigint)[];
  type: number;
  /** Where it says that it lies, from the start of the numbers; default: after the one before, aligned. */
  offset?: number | bigint;
  data: Uint8Array;
}

export interface FileSpec {
  magic?: string;
  version?: number;
  keys?: readonly (readonly [string, Value])[];
  tensors?: readonly TensorSpec[];
  keyCount?: number | bigint;
  tensorCount?: number | bigint;
  alignment?: number;
}

const padded = (bytes: Uint8Array, alignment: number): Uint8Array =>
  Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);

export function ggufBytes(spec: FileSpec): Uint8Array {
  const { magic = 'GGUF', version = 3, keys = [], tensors = [], alignment = 32 } = spec;
  let place = 0;
  const infos = tensors.map(({ name, dimensions, type, offset, data }) => {
    const at = offset ?? place;
    place += Math.ceil(data.length / alignment) * alignment;
    return Buffer.concat([text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(at)]);
  });
  const head = Buffer.concat([
    Buffer.from(magic, 'latin1'),
    u32(version),
    u64(spec.tensorCount ?? tensors.length),
    u64(spec.keyCount ?? keys.length),
    ...keys.flatMap(([key, value]) => [text(key), value]),
    ...infos,
  ]);
  return Buffer.concat([padded(head, alignment), ...tensors.map(({ data }) => padded(data, alignment))]);
}

/** The bytes of make_gguf_blocks.py's `noise`. */
export function noise(seed: number, count: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
