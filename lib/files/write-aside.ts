import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import { isAlive, place } from '../../scripts/lock';

/**
 * Writes a file so that whoever looks at `path` sees the old content or the whole new one, never a part: the bytes go
 * to a temporary file in the same folder, are synced to the disk, and the file is then renamed. What processes that were
 * killed while they wrote the same file have left of it is taken away.
 * @param write gets a function that appends bytes; what it throws leaves the old file untouched.
 */
export function writeAside(path: string, write: (append: (bytes: Uint8Array) => void) => void): void {
  const start = `.${basename(path)}.${createHash('sha256').update(place()).digest('hex').slice(0, 8)}-`;
  const aside = join(dirname(path), `${start}${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  const file = openSync(aside, 'wx');
  try {
    try {
      write((bytes) => appendAll(file, bytes));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (thrown) {
    rmSync(aside, { force: true });
    throw isFull(thrown) ? fullDisk(path, thrown) : thrown;
  }
  removeLeftovers(dirname(path), start);
  syncFolder(dirname(path));
}

/** @param start of the names of this machine's temporary files, up to the number of the process */
function removeLeftovers(folder: string, start: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const pid =
      entry.isFile() && entry.name.startsWith(start) && /^(\d+)-\w+\.tmp$/.exec(entry.name.slice(start.length));
    if (pid && !isAlive(Number(pid[1]))) rmSync(join(folder, entry.name), { force: true });
  }
}

/** @param path what was to be written */
export const fullDisk = (path: string, cause: unknown): Error =>
  new Error(`${path}: no space left on the device; it is as it was before`, { cause });

/** The disk, the user's share of it, or the largest size of a file is used up. */
export function isFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((thrown as NodeJS.ErrnoException | null)?.code ?? '');
}

/** Writes text or JSON aside and renames it. */
export function writeTextAside(path: string, text: string): void {
  writeAside(path, (append) => append(Buffer.from(text, 'utf8')));
}

function appendAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done);
}

/** Makes the rename itself durable; folders cannot be opened for that on Windows. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
