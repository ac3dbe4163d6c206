/** A file of records, one JSON line each, to which is added as they come: an interrupted run goes on where it stopped. */
import { closeSync, existsSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { z } from 'zod';
import { InputError } from './input-error';
import { checkShape, decodeText, fileError, parseJson, readBytes } from './json-file';

/** Every line begins so: `run` names what the records were made with. */
const START = '{"run":"';

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
    const bytes = Buffer.from(text, 'utf8');
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
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
