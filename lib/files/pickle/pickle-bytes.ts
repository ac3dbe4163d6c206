/** The bytes of a pickle, read from front to back: numbers and text as the opcodes spell them. */
import { shown } from '../input-error';

/** Ends reading; the reader adds the file's name and the opcode's place to it. */
export class PickleError extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Longer numbers take quadratic time to spell, and no data file holds one. */
const LONGEST_NUMBER = 1000;
/** Lines of protocol 0 are unescaped byte by byte. */
const LONGEST_LINE = 2 ** 22;

export class PickleBytes {
  #at = 0;
  readonly #view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Offset of the next byte. */
  get offset(): number {
    return this.#at;
  }

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    if (count > this.left)
      throw new PickleError(`needs ${count} more bytes, and the file has ${this.left}; truncated?`);
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }

  uint8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  float64(): number {
    return finite(this.#view.getFloat64(this.#skip(8), false));
  }

  /** A count of bytes, 8 bytes long. */
  length64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  /** A signed number of `count` bytes, the least first. */
  integer(count: number): number {
    if (count > LONGEST_NUMBER) throw new PickleError(`holds a number of ${count} bytes`);
    const value = this.take(count).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return safe(BigInt.asIntN(8 * count, value));
  }

  text(count: number): string {
    try {
      return utf8.decode(this.take(count));
    } catch (thrown) {
      if (thrown instanceof PickleError) throw thrown;
      throw new PickleError('holds text that is not UTF-8');
    }
  }

  /** Text of Python 2, which has no encoding: ASCII is taken, as Python 3 takes it. */
  ascii(count: number): string {
    return asciiOf(this.take(count));
  }

  /** The rest of the line, each byte one character, without its end. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new PickleError('needs a line, and the file ends before it does; truncated?');
    if (end - this.#at > LONGEST_LINE) throw new PickleError(`has a line of ${end - this.#at} bytes`);
    const line = this.take(end - this.#at);
    this.#at++;
    return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('latin1');
  }

  #skip(count: number): number {
    this.take(count);
    return this.#at - count;
  }
}

function asciiOf(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte > 0x7f)) throw new PickleError('holds text of Python 2 that is not ASCII');
  return Buffer.from(bytes).toString('latin1');
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new PickleError(`holds the number ${value}, which JSON cannot`);
  return value;
}

function safe(value: bigint): number {
  if (BigInt.asIntN(54, value) !== value || Math.abs(Number(value)) > Number.MAX_SAFE_INTEGER) {
    throw new PickleError('holds a whole number beyond 2^53');
  }
  return Number(value);
}

/** A whole number as INT, LONG, GET and PUT spell it; LONG puts an `L` behind. */
export function wholeNumber(line: string): number {
  const digits = /^\s*([+-]?\d+)L?\s*$/.exec(line)?.[1];
  if (digits === undefined || digits.length > LONGEST_NUMBER) {
    throw new PickleError(`wanted a whole number, got ${shown(line)}`);
  }
  return safe(BigInt(digits.replace(/^\+/, '')));
}

/** A number as FLOAT spells it. */
export function decimalNumber(line: string): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(line)) {
    throw new PickleError(`wanted a finite number, got ${shown(line)}`);
  }
  return finite(Number(line));
}

/** Text as UNICODE spells it: Latin-1 with `\uXXXX` and `\UXXXXXXXX` (Python's raw-unicode-escape). */
export function rawUnicode(line: string): string {
  return line.replace(
    /\\\\|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\[uU]/g,
    (whole, short?: string, long?: string) => {
      if (whole === '\\\\') return whole;
      const code = parseInt(short ?? long ?? '', 16);
      if (!(code <= 0x10ffff)) throw new PickleError(`wanted an escaped character, got ${shown(whole)}`);
      return String.fromCodePoint(code);
    },
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

/** Text of Python 2 as STRING spells it: in quotes, with escapes. */
export function quotedText(line: string): string {
  const inner = /^'(.*)'$/.exec(line)?.[1] ?? /^"(.*)"$/.exec(line)?.[1];
  if (inner === undefined) throw new PickleError(`wanted text in quotes, got ${shown(line)}`);
  const text = inner.replace(/\\(?:x([0-9a-f]{2})|(.?))/gi, (whole, hex?: string, char?: string) => {
    const meant = hex === undefined ? ESCAPES[char ?? ''] : String.fromCharCode(parseInt(hex, 16));
    if (meant === undefined) throw new PickleError(`wanted an escaped character, got ${shown(whole)}`);
    return meant;
  });
  return asciiOf(Buffer.from(text, 'latin1'));
}
