/**
 * Files of JSON lines that are added to as they come, and gone on with after an interruption: `LineLog` of a run that
 * knows how many lines it has behind it, `RecordFile` of records that name what they were made with.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { z } from 'zod';
import { InputError } from './input-error';
import { checkShape, decodeText, fileError, parseJson, readBytes } from './json-file';

function appendText(file: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

/** Every line of a log. */
export const readLines = <Line extends object>(path: string): Line[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

/** A run's log: one line for each of its steps, appended as it is taken. */
export class LineLog<Line extends object> {
  readonly #file: number;

  /** Opens the log of a run that has `done` lines behind it: later lines, and half a last one, are cut off. */
  constructor(
    private readonly path: string,
    done: number,
  ) {
    const kept = done > 0 && existsSync(path) ? linesUpTo(readFileSync(path, 'utf8'), done) : '';
    this.#file = openSync(path, 'a');
    ftruncateSync(this.#file, Buffer.byteLength(kept));
  }

  append(logged: Line): void {
    appendText(this.#file, `${JSON.stringify(logged)}\n`);
  }

  /** Every line so far. */
  read(): Line[] {
    return readLines<Line>(this.path);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function linesUpTo(text: string, done: number): string {
  return text
    .split('\n')
    .slice(0, -1)
    .slice(0, done)
    .map((line) => `${line}\n`)
    .join('');
}

/** Every line begins so: `run` names what the records were made with. */
const START = '{"run":"';

/** Records of one run, or of the same one gone on with. */
export class RecordFile<T extends object> {
  /** What an earlier run of the same kind has left, in the order of the lines. */
  readonly earlier: readonly T[];
  readonly #file: number;

  /**
   * Opens a file, or makes it. A last line that was cut off while it was written is taken away.
   * @param run a fingerprint of everything that the records depend on
   * @throws InputError for a file that holds something else, or records of another run
   */
  constructor(
    path: string,
    private readonly run: string,
    schema: z.ZodType<T>,
  ) {
    const { records, bytes } = readRecords(path, run, schema);
    this.earlier = records;
    try {
      this.#file = openSync(path, 'a');
      if (existsSync(path) && statSync(path).size > bytes) ftruncateSync(this.#file, bytes);
    } catch (thrown) {
      throw fileError(thrown, path);
    }
  }

  /** Adds records in one write. */
  append(records: readonly T[]): void {
    const text = records.map((record) => `${JSON.stringify({ run: this.run, ...record })}\n`).join('');
    appendText(this.#file, text);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function readRecords<T>(path: string, run: string, schema: z.ZodType<T>): { records: T[]; bytes: number } {
  if (!existsSync(path)) return { records: [], bytes: 0 };
  const name = basename(path);
  const all = readBytes(path, 2 ** 31);
  const bytes = all.lastIndexOf(0x0a) + 1;
  const rest = Buffer.from(all.subarray(bytes)).toString('latin1');
  if (!rest.startsWith(START) && !START.startsWith(rest)) throw notRecords(name, decodeLines(all, name).length);
  const lines = decodeLines(all.subarray(0, bytes), name);
  const records = lines.map((line, i) => {
    if (!line.startsWith(START)) throw notRecords(name, i + 1);
    const place = `${name}: line ${i + 1}`;
    const json = parseJson(line, place) as { run: unknown };
    if (json.run !== run) {
      throw new InputError(`${place} was made by another model, adapter or settings; take another file`);
    }
    return checkShape(schema, json, place);
  });
  return { records, bytes };
}

const decodeLines = (bytes: Uint8Array, name: string): string[] =>
  decodeText(bytes, name)
    .split('\n')
    .filter((line, i, lines) => line !== '' || i < lines.length - 1);

const notRecords = (name: string, line: number): InputError =>
  new InputError(`${name}: line ${line} is no record of an earlier run; take another file`);
