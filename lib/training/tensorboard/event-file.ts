import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../../files/folders';
import { encodeEvent, resumedEvent, scalarsEvent, textEvent, type Event } from './event-schema';
import { frameRecord } from './record';

export interface EventFileOptions {
  /** For a run that goes on: the first step that it takes again. What earlier files hold from there on is dropped. */
  resumedAt?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/**
 * A TensorBoard event file, `events.out.tfevents.<time>.<host>`, in a folder of its own run: `tensorboard --logdir` shows
 * every folder below as a run. Each call appends whole records in one write, so what was logged before a crash is there.
 */
export class EventFile {
  readonly path: string;
  readonly #now: () => number;
  #file: number | null;
  #length = 0;

  /** Makes the folder and a new file in it; an existing file is never appended to, since it may end in half a record. */
  constructor(folder: string, { resumedAt, now = Date.now }: EventFileOptions = {}) {
    makeFolders(folder);
    this.#now = now;
    [this.path, this.#file] = openNew(folder, now());
    this.#append({ fileVersion: 'brain.Event:2' });
    if (resumedAt !== undefined) this.#append(resumedEvent(resumedAt));
  }

  /** Numbers of one step, by tag: `{ 'train/loss': 0.1 }`. TensorBoard keeps them as float32; NaN is shown as such. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.#append(scalarsEvent(step, Object.entries(values)));
  }

  /** @param markdown as TensorBoard's text tab shows it; code is indented by four spaces */
  text(tag: string, markdown: string, step = 0): void {
    this.#append(textEvent(step, tag, markdown));
  }

  /** Waits until what was logged is on the disk. */
  flush(): void {
    fsyncSync(this.#open());
  }

  /** Flushes; calling it again does nothing. */
  close(): void {
    if (this.#file === null) return;
    this.flush();
    closeSync(this.#file);
    this.#file = null;
  }

  #open(): number {
    if (this.#file === null) throw new Error(`${this.path}: the event file is closed`);
    return this.#file;
  }

  #append(event: Event): void {
    const file = this.#open();
    const record = frameRecord(encodeEvent(event, this.#now() / 1000));
    try {
      for (let done = 0; done < record.length;) done += writeSync(file, record, done);
    } catch (thrown) {
      // A reader stops at half a record: without it, what comes after a full disk has been cleared is read again.
      ftruncateSync(file, this.#length);
      throw thrown;
    }
    this.#length += record.length;
  }
}

/** A file that was not there before: a second one in the same second gets a number. */
function openNew(folder: string, milliseconds: number): [path: string, file: number] {
  const seconds = String(Math.floor(milliseconds / 1000)).padStart(10, '0');
  const name = `events.out.tfevents.${seconds}.${hostname()}`;
  for (let more = 0; ; more++) {
    const path = join(folder, more === 0 ? name : `${name}.${more}`);
    try {
      return [path, openSync(path, 'ax')];
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    }
  }
}
