/** One file from the hub into a blob of the cache: gone on with where it was cut off, checked before anybody sees it. */
import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../files/folders';
import { isFull } from '../files/write-aside';
import type { RemoteFile } from './listing';
import { HubError, Patience, send, Transient, type Answer, type Asking } from './requests';

const CHUNK = 2 ** 20;
/** Whole downloads whose hash may be wrong. */
const MOST_DAMAGED = 2;

/** Where the bytes of a blob are until they are all there. */
export const partialOf = (blob: string): string => `${blob}.soo.incomplete`;

/** The bytes of a file that have come so far, and their hash. */
class Partial {
  bytes = 0;
  #hash: Hash;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly file: RemoteFile,
  ) {
    this.#hash = this.#freshHash();
  }

  /** Takes up what an earlier download has left. */
  static async open(path: string, file: RemoteFile, signal?: AbortSignal): Promise<Partial> {
    const partial = new Partial(path, await open(path, 'a+'), file);
    const { size } = await partial.handle.stat();
    if (size > file.size) await partial.restart();
    else await partial.#readWhatIsThere(size, signal);
    return partial;
  }

  async #readWhatIsThere(size: number, signal?: AbortSignal): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK);
    while (this.bytes < size) {
      signal?.throwIfAborted();
      const { bytesRead } = await this.handle.read(chunk, 0, CHUNK, this.bytes);
      if (bytesRead === 0) break;
      this.#hash.update(chunk.subarray(0, bytesRead));
      this.bytes += bytesRead;
    }
  }

  #freshHash(): Hash {
    const { hash, size } = this.file;
    return hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  }

  get isFull(): boolean {
    return this.bytes >= this.file.size;
  }

  /** Adds what there is room for. */
  async append(chunk: Uint8Array): Promise<void> {
    const wanted = chunk.subarray(0, this.file.size - this.bytes);
    try {
      await this.handle.appendFile(wanted);
    } catch (thrown) {
      if (!isFull(thrown)) throw thrown;
      throw new Error(`${this.path}: no space left on the device; what has come is kept`, { cause: thrown });
    }
    this.#hash.update(wanted);
    this.bytes += wanted.length;
  }

  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.bytes = 0;
    this.#hash = this.#freshHash();
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  sync(): Promise<void> {
    return this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Bytes of a file that an earlier download has left; 0 for none. */
export async function bytesLeft(blob: string, { size }: RemoteFile): Promise<number> {
  const left = await stat(partialOf(blob)).catch(() => undefined);
  return left && left.size <= size ? left.size : 0;
}

/**
 * Fetches one file. Whatever the server does, the blob is the file that the hub lists, or is not there; what has come of
 * it stays beside it for the next time.
 * @param onBytes told how many bytes of the file are there
 * @throws HubError when the file cannot be had whole, what `refused` makes of an answer, or the signal's reason
 */
export async function fetchBlob(
  file: RemoteFile,
  url: URL,
  blob: string,
  options: Asking & { onBytes: (bytes: number) => void; refused: (answer: Answer) => Promise<Error> },
): Promise<void> {
  makeFolders(join(blob, '..'));
  const partial = await Partial.open(partialOf(blob), file, options.signal);
  try {
    await fill(partial, file, url, options);
    await partial.sync();
  } finally {
    await partial.close();
    if (partial.bytes === 0 && file.size > 0) await rm(partial.path, { force: true });
  }
  await rename(partial.path, blob);
}

type FetchOptions = Parameters<typeof fetchBlob>[3];

async function fill(partial: Partial, file: RemoteFile, url: URL, options: FetchOptions): Promise<void> {
  const patience = new Patience(options);
  let [furthest, damaged, goesOn] = [partial.bytes, 0, true];
  options.onBytes(partial.bytes);
  for (;;) {
    if (partial.isFull) {
      const found = partial.digest();
      if (found === file.hash) return;
      await partial.restart();
      furthest = 0;
      if (++damaged === MOST_DAMAGED) {
        throw new HubError(
          `${file.path}: wanted ${file.size} bytes with the hash ${file.hash}, and ${damaged} times came others, last ${found}`,
        );
      }
    }
    try {
      if (!goesOn) await partial.restart();
      await receive(partial, file, url, options);
    } catch (thrown) {
      // A server that cannot go on from the middle has to begin again.
      goesOn = !(thrown instanceof BadRange);
      if (partial.bytes >= furthest + worthATry(file)) patience.reset();
      await patience.after(
        thrown instanceof Transient ? new Transient(`${file.path}: ${thrown.message}`, thrown.waitMs) : thrown,
      );
    }
    furthest = Math.max(furthest, partial.bytes);
  }
}

/** Bytes that a try has to bring, or it has failed: a byte at a time would never come to an end. */
const worthATry = ({ size }: RemoteFile): number => Math.min(size / 100, 2 ** 20);

/** An answer that is not the rest of the file. */
class BadRange extends Transient {}

/** One answer's bytes. @throws Transient when it ends before the file does */
async function receive(partial: Partial, file: RemoteFile, url: URL, options: FetchOptions): Promise<void> {
  const range = partial.bytes > 0 ? { range: `bytes=${partial.bytes}-` } : undefined;
  const answer = await send(url, options, range);
  try {
    if (answer.status === 206) requireRest(answer, partial.bytes, file);
    else if (answer.status === 416)
      throw new BadRange(`${answer.url.host} has less than the ${file.size} bytes that the hub lists`);
    else if (answer.status !== 200) throw await options.refused(answer);
    else if (partial.bytes > 0) await partial.restart();
    for await (const chunk of answer.chunks()) {
      await partial.append(chunk);
      options.onBytes(partial.bytes);
      if (partial.isFull) return;
    }
    if (!partial.isFull) throw new Transient(`${answer.url.host} ends after ${partial.bytes} of ${file.size} bytes`);
  } finally {
    answer.close();
  }
}

function requireRest({ headers, url }: Answer, from: number, { size }: RemoteFile): void {
  const range = headers.get('content-range') ?? 'nothing';
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
  const isPacked = !/^(?:identity)?$/.test(headers.get('content-encoding') ?? '');
  if (Number(start) === from && (total === '*' || Number(total) === size) && !isPacked) return;
  throw new BadRange(`${url.host} gives ${range} where bytes ${from} to ${size} were asked for`);
}
