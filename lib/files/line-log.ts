/** A run's log: one JSON line for each of its steps, appended as it is taken. */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

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
    const line = Buffer.from(`${JSON.stringify(logged)}\n`, 'utf8');
    for (let done = 0; done < line.length;) done += writeSync(this.#file, line, done);
  }

  /** Every line so far. */
  read(): Line[] {
    return readFileSync(this.path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
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
