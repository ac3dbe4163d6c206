/** Files that the user names: read once, so that a pipe will do, and `-` for stdin. */
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError } from './input-error';
import { fileError, parseJson, decodeText, readBytes } from './json-file';

const STDIN = 0;
const LIMIT = 256 * 2 ** 20;
/** How long a pipe may have no writer at first. */
const WRITER_MS = 5000;
const POLL_MS = 5;

/**
 * The bytes of a file, of a pipe (`<(command)`, /dev/stdin) or, for `-`, of stdin.
 * @throws InputError when it is missing, something else, or larger than 256 MB
 */
export function readInput(path: string): Uint8Array {
  try {
    // Opened by its name it may be a socket, which cannot be.
    if (path === '-' || path === '/dev/stdin') return readPipe(STDIN, 'stdin');
    if (!statSync(path).isFIFO()) return readBytes(path, LIMIT);
    const pipe = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readPipe(pipe, basename(path));
    } finally {
      closeSync(pipe);
    }
  } catch (thrown) {
    throw fileError(thrown, path);
  }
}

/** The JSON value of such a file. */
export function readJsonInput(path: string): unknown {
  const name = basename(path);
  return parseJson(decodeText(readInput(path), name), name);
}

function readPipe(pipe: number, name: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let [length, start] = [0, Date.now()];
  for (;;) {
    const chunk = readSome(pipe);
    // Nobody writes: not yet, or not any more.
    const isEmpty = chunk !== 'nothing yet' && chunk.length === 0;
    if (isEmpty && (length > 0 || pipe === STDIN || Date.now() - start > WRITER_MS)) break;
    if (chunk === 'nothing yet' || isEmpty) {
      if (chunk === 'nothing yet') start = Date.now();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
      continue;
    }
    chunks.push(chunk);
    length += chunk.length;
    if (length > LIMIT) throw new InputError(`${name}: more than the ${LIMIT} bytes allowed`);
  }
  return Buffer.concat(chunks);
}

function readSome(pipe: number): Uint8Array | 'nothing yet' {
  const chunk = new Uint8Array(65_536);
  try {
    return chunk.subarray(0, readSync(pipe, chunk));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EAGAIN') return 'nothing yet';
    throw thrown;
  }
}
