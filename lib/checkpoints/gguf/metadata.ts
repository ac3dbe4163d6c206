/** What a GGUF file says about itself: keys and values of thirteen types. */
import { InputError, quoted, shown } from '../../files/input-error';
import type { ByteCursor } from './byte-cursor';

/** 64-bit numbers that are not exact as a number stay bigint. */
export type MetadataValue = string | boolean | number | bigint | readonly MetadataValue[] | NumberArray;

/** A list of numbers, however long. */
export type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

interface NumberType {
  name: string;
  bytes: number;
  /** From an aligned copy of the bytes. */
  list: (bytes: ArrayBuffer) => NumberArray;
}

/** By the number in files. Processors are little-endian wherever this runs, as the files are. */
const NUMBER_TYPES: ReadonlyMap<number, NumberType> = new Map<number, NumberType>([
  [0, { name: 'uint8', bytes: 1, list: (bytes) => new Uint8Array(bytes) }],
  [1, { name: 'int8', bytes: 1, list: (bytes) => new Int8Array(bytes) }],
  [2, { name: 'uint16', bytes: 2, list: (bytes) => new Uint16Array(bytes) }],
  [3, { name: 'int16', bytes: 2, list: (bytes) => new Int16Array(bytes) }],
  [4, { name: 'uint32', bytes: 4, list: (bytes) => new Uint32Array(bytes) }],
  [5, { name: 'int32', bytes: 4, list: (bytes) => new Int32Array(bytes) }],
  [6, { name: 'float32', bytes: 4, list: (bytes) => new Float32Array(bytes) }],
  [10, { name: 'uint64', bytes: 8, list: (bytes) => new BigUint64Array(bytes) }],
  [11, { name: 'int64', bytes: 8, list: (bytes) => new BigInt64Array(bytes) }],
  [12, { name: 'float64', bytes: 8, list: (bytes) => new Float64Array(bytes) }],
]);
const BOOLEAN = 7;
const STRING = 8;
const ARRAY = 9;

/** Values that are objects here, each of some fifty bytes; the largest vocabularies with their merges are a fifth. */
const MOST_OBJECTS = 2 ** 22;
/** Lists of lists occur nowhere; the format has them. */
const DEEPEST = 8;

/**
 * Reads `count` keys with their values.
 * @throws InputError that names the key and what is wrong with it
 */
export function readMetadata(cursor: ByteCursor, count: number): Map<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>();
  const values = new ValueReader(cursor);
  for (let i = 0; i < count; i++) {
    const key = cursor.text(`key ${i}`);
    if (metadata.has(key)) throw new InputError(`${cursor.file}: the key ${quoted(key)} stands there twice`);
    values.key = key;
    metadata.set(key, values.read(cursor.u32(`the type of ${quoted(key)}`), 0));
  }
  return metadata;
}

class ValueReader {
  key = '';
  #objects = 0;

  constructor(private readonly cursor: ByteCursor) {}

  read(type: number, depth: number): MetadataValue {
    const what = quoted(this.key);
    if (type === STRING) {
      this.#count(1);
      return this.cursor.text(what);
    }
    if (type === BOOLEAN) return this.#boolean(this.cursor.take(1, what)[0]);
    if (type === ARRAY) return this.#array(depth + 1);
    const [value] = this.#numbers(type, 1);
    return typeof value === 'bigint' && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value;
  }

  #array(depth: number): MetadataValue {
    const what = quoted(this.key);
    if (depth > DEEPEST)
      throw new InputError(`${this.cursor.file}: ${what} is a list of lists, more than ${DEEPEST} deep`);
    const type = this.cursor.u32(`the type of ${what}`);
    const length = this.cursor.u64(`the length of ${what}`);
    if (type !== STRING && type !== BOOLEAN && type !== ARRAY) return this.#numbers(type, length);
    // A text's own length takes eight bytes, a list's head twelve.
    const least = type === BOOLEAN ? 1 : type === STRING ? 8 : 12;
    if (length > this.cursor.left / least)
      throw new InputError(`${this.cursor.file}: ${what} would have ${length} values, more than the file has room for`);
    this.#count(length);
    const values: MetadataValue[] = [];
    if (type === STRING) for (let i = 0; i < length; i++) values.push(this.cursor.text(what));
    else for (let i = 0; i < length; i++) values.push(this.read(type, depth));
    return values;
  }

  #numbers(type: number, length: number): NumberArray {
    const { file, left } = this.cursor;
    const what = quoted(this.key);
    const found = NUMBER_TYPES.get(type);
    if (!found) throw new InputError(`${file}: ${what} is of type ${type}; known are 0 to 12`);
    if (length > left / found.bytes)
      throw new InputError(`${file}: ${what} would have ${length} values, more than the file has room for`);
    return found.list(Uint8Array.from(this.cursor.take(length * found.bytes, what)).buffer);
  }

  #boolean(byte: number): boolean {
    if (byte > 1) throw new InputError(`${this.cursor.file}: ${quoted(this.key)} is a boolean, and holds ${byte}`);
    return byte === 1;
  }

  #count(more: number): void {
    this.#objects += more;
    if (this.#objects > MOST_OBJECTS)
      throw new InputError(
        `${this.cursor.file}: ${quoted(this.key)} makes more than the ${MOST_OBJECTS} texts and lists allowed`,
      );
  }
}

const isNumbers = (value: MetadataValue | undefined): value is NumberArray => ArrayBuffer.isView(value);

/** Metadata, asked for by what is wanted: what is there and is something else is refused by its key. */
export class Metadata {
  constructor(
    readonly values: ReadonlyMap<string, MetadataValue>,
    /** The file's name, for messages. */
    readonly file: string,
  ) {}

  text(key: string): string | undefined {
    return this.#asked(key, 'text', (value) => (typeof value === 'string' ? value : undefined));
  }

  flag(key: string): boolean | undefined {
    return this.#asked(key, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  number(key: string): number | undefined {
    return this.#asked(key, 'a number', (value) => (typeof value === 'number' ? value : undefined));
  }

  texts(key: string): readonly string[] | undefined {
    return this.#asked(key, 'a list of texts', (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined,
    );
  }

  numbers(key: string): readonly number[] | undefined {
    return this.#asked(key, 'a list of numbers', (value) =>
      isNumbers(value) ? Array.from<number | bigint, number>(value, Number) : undefined,
    );
  }

  /** @throws InputError where there is none */
  required<T>(key: string, value: T | undefined): T {
    if (value === undefined) throw new InputError(`${this.file}: does not say ${quoted(key)}`);
    return value;
  }

  #asked<T>(key: string, wanted: string, take: (value: MetadataValue) => T | undefined): T | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    const taken = take(value);
    if (taken === undefined) {
      const came = isNumbers(value) ? `${value.length} numbers` : typeof value === 'bigint' ? value : shown(value);
      throw new InputError(`${this.file}: ${quoted(key)} must be ${wanted}, got ${came}`);
    }
    return taken;
  }
}
