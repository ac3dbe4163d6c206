import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { z } from 'zod';
import { InputError, messageOf } from './input-error';

/** Bytes of a file that is read whole. */
const LIMIT = 256 * 2 ** 20;
/**
 * Values, and objects and lists, of a file that describes a model: those of the largest tokenizers are a third of it. Each
 * costs up to a hundred bytes once it is read.
 */
const MOST_VALUES = 2 ** 22;
const MOST_CONTAINERS = 2 ** 21;

/**
 * Reads a small file whole.
 * @throws InputError when it is missing, not a file, or larger than `limit` bytes.
 */
export function readBytes(path: string, limit = LIMIT): Uint8Array {
  const name = basename(path);
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new InputError(`${name}: wanted a file, but ${path} is not one`);
    if (stat.size > limit) throw new InputError(`${name}: ${stat.size} bytes, more than the ${limit} allowed`);
    return readFileSync(path);
  } catch (thrown) {
    throw fileError(thrown, path);
  }
}

/**
 * Reads a small file as UTF-8 text.
 * @throws InputError when it is missing, not a file, larger than `limit` bytes or not UTF-8.
 */
export function readTextFile(path: string, limit = LIMIT): string {
  return decodeText(readBytes(path, limit), basename(path));
}

/** Bytes as UTF-8 text; `name` stands before the message of the error. */
export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${name}: is not UTF-8 text`);
  }
}

/**
 * Reads a JSON file.
 * @throws InputError with the file's name when it cannot be read or parsed, or (with `uniqueKeys`) repeats a key.
 */
export function readJsonFile(path: string, options: { uniqueKeys?: boolean } = {}): unknown {
  const bytes = readBytes(path);
  const name = basename(path);
  requireFew(bytes, name);
  return parseJson(decodeText(bytes, name), name, options);
}

/** Counts before anything is made of them. Marks inside texts count too. */
function requireFew(bytes: Uint8Array, name: string): void {
  let [values, containers] = [0, 0];
  for (const byte of bytes) {
    if (byte === 0x2c) values++;
    else if (byte === 0x5b || byte === 0x7b) containers++;
  }
  if (containers > MOST_CONTAINERS)
    throw new InputError(`${name}: ${containers} objects and lists, more than the ${MOST_CONTAINERS} allowed`);
  if (values > MOST_VALUES) throw new InputError(`${name}: ${values} values, more than the ${MOST_VALUES} allowed`);
}

/** Parses JSON; `name` stands before the message of every error. */
export function parseJson(text: string, name: string, { uniqueKeys = false } = {}): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new InputError(`${name}: is not JSON: ${messageOf(thrown)}`);
  }
  const repeated = uniqueKeys ? findRepeatedKey(text) : undefined;
  if (repeated !== undefined) throw new InputError(`${name}: the key ${JSON.stringify(repeated)} stands there twice`);
  return value;
}

/** Checks a parsed value against a schema; the first thing wrong becomes a one-line error that names its place. */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue?.path.map(String).join('.');
  throw new InputError(`${name}: ${place ? `${place} ` : ''}${issue?.message ?? 'is not valid'}`);
}

/** A file system error as a one-line InputError; InputErrors pass through. */
export function fileError(thrown: unknown, path: string): InputError {
  if (thrown instanceof InputError) return thrown;
  const code = (thrown as { code?: unknown } | null)?.code;
  const known: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'not allowed to open it',
    EROFS: 'the disk cannot be written to',
    EISDIR: 'is a folder, not a file',
    ENOTDIR: 'a part of the path is not a folder',
  };
  const reason = typeof code === 'string' ? known[code] : undefined;
  // What was named by its place is shown with it.
  const place = basename(path) === path ? '' : `: ${path}`;
  return new InputError(`${basename(path)}: ${reason ? `${reason}${place}` : messageOf(thrown)}`);
}

/**
 * The first key that one object of a valid JSON text holds twice. JSON.parse keeps the last one in silence, which
 * would let two readers see two different files.
 */
function findRepeatedKey(text: string): string | undefined {
  const objects: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{') {
      objects.push(new Set());
      expectsKey = true;
    } else if (char === '[') {
      objects.push(null);
      expectsKey = false;
    } else if (char === '}' || char === ']') {
      objects.pop();
      expectsKey = false;
    } else if (char === ',') {
      expectsKey = objects.at(-1) != null;
    } else if (char === '"') {
      const end = endOfString(text, i);
      const keys = objects.at(-1);
      if (expectsKey && keys) {
        const key = JSON.parse(text.slice(i, end + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
        expectsKey = false;
      }
      i = end;
    }
  }
  return undefined;
}

/** Index of the quote that closes the JSON string opened at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}
