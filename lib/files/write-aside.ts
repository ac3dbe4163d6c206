import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';

/**
 * Writes a file so that whoever looks at `path` sees the old content or the whole new one, never a part: the bytes go
 * to a temporary file in the same folder, are synced to the disk, and the file is then renamed.
 * @param write gets a function that appends bytes; what it throws leaves the old file untouched.
 */
export function writeAside(path: string, write: (append: (bytes: Uint8Array) => void) => void): void {
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
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
  syncFolder(dirname(path));
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
