/**
 * Files of JSON lines that are added to as they come, and gone on with after an interruption: `LineLog` of a run that
 * knows how many lines it has behind it, `RecordFile` of records that name what they were made with, `PlainLines` in the
 * format of another program.
 */
import { closeSync, fsyncSync, ftruncateSync, readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { z } from 'zod';
import { lockPlace } from './folders';
import { InputError } from './input-error';
import { checkShape, decodeText, fileError, parseJson, readTextFile } from './json-file';
import { openToAppend } from './open-file';

function appendText(file: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

/** Every line of a log. */
export const readLines = <Line extends object>(path: string): Line[] =>
  parseLines<Line>(readFileSync(path, 'utf8').trimEnd().split('\n').filter(Boolean), path);

function parseLines<Line extends object>(lines: readonly string[], path: string): Line[] {
  return lines.map((text, i) => {
    const place = `${basename(path)}: line ${i + 1}`;
    const line = parseJson(text, place);
    if (typeof line !== 'object' || line === null) throw new InputError(`${place} is no record of a step`);
    return line as Line;
  });
}

/**
 * Every whole line of a file, checked; a last one that was cut off while it was written is left out.
 * @throws InputError that names the file and the line
 */
export function readCheckedLines<Line>(path: string, schema: z.ZodType<Line>): Line[] {
  const name = basename(path);
  return wholeLines(readTextFile(path)).map((text, i) => {
    const place = `${name}: line ${i + 1}`;
    return checkShape(schema, parseJson(text, place), place);
  });
}

/** A run's log: one line for each of its steps, appended as it is taken. */
export class LineLog<Line extends object> {
  readonly #file: number;
  readonly #lines: Line[];

  /**
   * Opens the log of a run that has `done` lines behind it: later lines, and half a last one, are cut off.
   * @throws InputError when it has fewer, one that is none, or is a link: a run is gone on with to right means only
   */
  constructor(path: string, done: number) {
    this.#file = openToAppend(path);
    try {
      const texts = done > 0 ? wholeLines(readFileSync(this.#file, 'utf8')).slice(0, done) : [];
      if (texts.length < done) {
        const name = basename(path);
        throw new InputError(`${name}: has ${texts.length} lines, but ${done} steps were taken; the run cannot go on`);
      }
      this.#lines = parseLines<Line>(texts, path);
      ftruncateSync(this.#file, Buffer.byteLength(texts.map((text) => `${text}\n`).join('')));
    } catch (thrown) {
      closeSync(this.#file);
      throw thrown;
    }
  }

  append(logged: Line): void {
    appendText(this.#file, `${JSON.stringify(logged)}\n`);
    this.#lines.push(logged);
  }

  /** Waits until every line is on the disk: what a checkpoint counts on comes before it. */
  sync(): void {
    fsyncSync(this.#file);
  }

  /** Every line so far. */
  read(): readonly Line[] {
    return this.#lines;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Without half a last one. */
const wholeLines = (text: string): string[] => text.split('\n').slice(0, -1);

/** Every line begins so: `run` names what the records were made with. */
const START = '{"run":"';

/** Records of one run, or of the same one gone on with. */
export class RecordFile<T extends object> {
  /** What an earlier run of the same kind has left, in the order of the lines. */
  readonly earlier: readonly T[];
  readonly #file: number;
  readonly #lock: Disposable;

  /**
   * Opens a file, or makes it, and holds it until it is disposed of. A last line that was cut off while it was written is
   * taken away.
   * @param run a fingerprint of everything that the records depend on
   * @throws InputError for a link, a file that holds something else, or records of another run, and while another process
   * writes there
   */
  constructor(
    path: string,
    private readonly run: string,
    schema: z.ZodType<T>,
  ) {
    this.#lock = lockFile(path);
    let file: number | undefined;
    try {
      this.#file = file = openToAppend(path);
      const { records, bytes, left } = readRecords(readFileSync(file), basename(path), run, schema);
      this.earlier = records;
      if (left > 0) ftruncateSync(file, bytes);
    } catch (thrown) {
      if (file !== undefined) closeSync(file);
      this.#lock[Symbol.dispose]();
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
    this.#lock[Symbol.dispose]();
  }
}

/** Lines in the format of another program, which has no place for a mark of ours. */
export class PlainLines<T extends object> {
  /** What an earlier run has left, in the order of the lines. */
  readonly earlier: readonly T[];
  readonly #file: number;
  readonly #lock: Disposable;

  /**
   * Opens a file, or makes it, and holds it until it is disposed of. A last line that was cut off while it was written is
   * taken away.
   * @param start how every line begins
   * @throws InputError for a link or a file that holds something else, and while another process writes there
   */
  constructor(path: string, schema: z.ZodType<T>, start: string) {
    this.#lock = lockFile(path);
    let file: number | undefined;
    try {
      this.#file = file = openToAppend(path);
      const name = basename(path);
      const all = readFileSync(file);
      const whole = all.subarray(0, all.lastIndexOf(0x0a) + 1);
      this.earlier = decodeLines(whole, name).map((text, i) => {
        const place = `${name}: line ${i + 1}`;
        return checkShape(schema, parseJson(text, place), place);
      });
      const rest = all.subarray(whole.length).toString('latin1');
      if (!rest.startsWith(start) && !start.startsWith(rest)) throw notRecords(name, this.earlier.length + 1);
      if (isJson(rest)) throw new InputError(`${name}: line ${this.earlier.length + 1} has no line break at its end`);
      if (rest !== '') ftruncateSync(file, whole.length);
    } catch (thrown) {
      if (file !== undefined) closeSync(file);
      this.#lock[Symbol.dispose]();
      throw fileError(thrown, path);
    }
  }

  /** Adds lines in one write. */
  append(lines: readonly T[]): void {
    appendText(this.#file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    this.#lock[Symbol.dispose]();
  }
}

/** Whether a text is a whole line, which somebody wrote without its end. */
function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function lockFile(path: string): Disposable {
  try {
    return lockPlace(path);
  } catch (thrown) {
    throw fileError(thrown, path);
  }
}

interface Kept<T> {
  records: T[];
  /** Of the whole lines, and of what stands behind them. */
  bytes: number;
  left: number;
}

function readRecords<T>(all: Uint8Array, name: string, run: string, schema: z.ZodType<T>): Kept<T> {
  const bytes = all.lastIndexOf(0x0a) + 1;
  const lines = decodeLines(all.subarray(0, bytes), name);
  const records = lines.map((line, i) => {
    if (!line.startsWith(START)) throw notRecords(name, i + 1);
    const place = `${name}: line ${i + 1}`;
    const json = parseJson(line, place) as { run: unknown };
    if (json.run !== run) {
      throw new InputError(`${place} was made by another model, adapter, chat template or settings; take another file`);
    }
    return checkShape(schema, json, place);
  });
  const rest = Buffer.from(all.subarray(bytes)).toString('latin1');
  // Half a record of ours names the run, or ends before it does.
  const own = `${START}${run}",`;
  if (!rest.startsWith(own) && !own.startsWith(rest)) throw notRecords(name, lines.length + 1);
  return { records, bytes, left: rest.length };
}

const decodeLines = (bytes: Uint8Array, name: string): string[] =>
  decodeText(bytes, name)
    .split('\n')
    .filter((line, i, lines) => line !== '' || i < lines.length - 1);

const notRecords = (name: string, line: number): InputError =>
  new InputError(`${name}: line ${line} is no record of an earlier run; take another file`);
