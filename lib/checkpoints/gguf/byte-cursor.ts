import { readSync } from 'node:fs';
import { InputError } from '../../files/input-error';

/** Bytes taken off the disk at a time. */
const CHUNK = 2 ** 20;
/** Of everything in front of the tensors: what describes the largest models is a tenth of it. */
const MOST_BYTES = 2 ** 28;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads little-endian numbers and texts from the front of a file, one after the other. */
export class ByteCursor {
  /** Bytes read so far, from the file's beginning. */
  at = 0;
  #chunk = Buffer.alloc(0);
  /** Where the chunk begins in the file. */
  #start = 0;

  constructor(
    private readonly handle: number,
    private readonly length: number,
    /** The file's name, for messages. */
    readonly file: string,
  ) {}

  /** Bytes that are left. */
  get left(): number {
    return this.length - this.at;
  }

  /**
   * The next bytes, valid until more are taken.
   * @param what names them in messages
   * @throws InputError when the file ends before
   */
  take(bytes: number, what: string): Uint8Array {
    return this.#taken(bytes, what);
  }

  // Its type is Node's own, which declarations must not need.
  #taken(bytes: number, what: string): Buffer {
    if (bytes > this.left)
      throw new InputError(`${this.file}: ends at byte ${this.length}, within ${what}; truncated?`);
    if (this.at + bytes > MOST_BYTES)
      throw new InputError(`${this.file}: describes itself in more than the ${MOST_BYTES} bytes allowed`);
    const from = this.at - this.#start;
    if (from + bytes > this.#chunk.length) {
      this.#fill(Math.min(this.left, Math.max(bytes, CHUNK)));
      return this.#taken(bytes, what);
    }
    this.at += bytes;
    return this.#chunk.subarray(from, from + bytes);
  }

  u32(what: string): number {
    return this.#taken(4, what).readUInt32LE();
  }

  /** @throws InputError for a number beyond those that are exact here */
  u64(what: string): number {
    const value = this.#taken(8, what).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new InputError(`${this.file}: ${what} is ${value}, too many`);
    return Number(value);
  }

  text(what: string): string {
    const length = this.u64(`the length of ${what}`);
    if (length > this.left)
      throw new InputError(`${this.file}: ${what} would be ${length} bytes long, and ${this.left} are left`);
    try {
      return utf8.decode(this.take(length, what));
    } catch (thrown) {
      if (thrown instanceof InputError) throw thrown;
      throw new InputError(`${this.file}: ${what} is not UTF-8 text`);
    }
  }

  #fill(bytes: number): void {
    const chunk = Buffer.alloc(bytes);
    for (let done = 0; done < bytes;) {
      const got = readSync(this.handle, chunk, done, bytes - done, this.at + done);
      if (got === 0) throw new InputError(`${this.file}: ends at byte ${this.at + done} while it is being read`);
      done += got;
    }
    this.#chunk = chunk;
    this.#start = this.at;
  }
}
