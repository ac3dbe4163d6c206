/** `steps.jsonl`: one line per batch, appended as it is taken. */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What one line holds. */
export interface LoggedStep {
  /** The optimiser's step that the batch goes into, from 1. */
  step: number;
  /** From 1, over the whole run. */
  microBatch: number;
  loss: number;
  /** The loss's parts by name, unweighted; empty when it has none. */
  parts: Record<string, number>;
  /** By parameter name as in PEFT's files: norms of the gradients gathered so far for this step. */
  gradNorms: Record<string, number>;
  lr: number;
  /** Tokens of both sides, pads not counted. */
  tokens: number;
  ms: number;
}

export class StepsLog {
  readonly #file: number;

  /** Opens the log of a run that has `done` batches behind it: later lines, and half a last one, are cut off. */
  constructor(
    private readonly path: string,
    done: number,
  ) {
    const kept = done > 0 && existsSync(path) ? linesUpTo(readFileSync(path, 'utf8'), done) : '';
    this.#file = openSync(path, 'a');
    ftruncateSync(this.#file, Buffer.byteLength(kept));
  }

  append(step: LoggedStep): void {
    const line = Buffer.from(`${JSON.stringify(step)}\n`, 'utf8');
    for (let done = 0; done < line.length;) done += writeSync(this.#file, line, done);
  }

  /** Every line so far. */
  read(): LoggedStep[] {
    return readFileSync(this.path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LoggedStep);
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
