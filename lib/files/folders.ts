/** Folders that are written into: made where they are missing, locked while they are written, and never elsewhere. */
import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from '../../scripts/lock';
import { InputError } from './input-error';
import { fullDisk, isFull } from './write-aside';

/** Makes a folder and those above it. Node's own way never returns below /proc. */
export function makeFolders(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (thrown) {
      // Another process may have been quicker.
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw thrown;
    }
  }
  if (!statSync(path).isDirectory()) throw new InputError(`${path}: wanted a folder, but it is a file`);
}

/**
 * A folder of fixed name inside one that the user has named, made where it is missing.
 * @throws InputError for a link: what lies behind it is not ours to write to
 */
export function ownFolder(parent: string, ...names: readonly string[]): string {
  makeFolders(parent);
  return names.reduce((above, name) => {
    const path = join(above, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat && !stat.isDirectory()) {
      const what = stat.isSymbolicLink() ? 'a link to another place' : 'a file';
      throw new InputError(`${path}: wanted a folder to write to, but it is ${what}`);
    }
    if (!stat) makeFolders(path);
    return path;
  }, parent);
}

/**
 * Holds a place for writing until it is disposed of: a folder that is there, or a file beside which the lock lies.
 * @throws InputError that names the process which writes there
 */
export function lockPlace(path: string): Disposable {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
  const lock = takeLockFile(path, isFolder ? join(path, '.soo-lock') : `${path}.lock`);
  if (!lock.release) {
    const { pid } = lock.holder;
    const who = pid === process.pid ? `this process (${pid})` : `process ${pid}`;
    throw new InputError(`${path}: ${who} is writing there; wait for it, or choose another place`);
  }
  return holding(lock.release);
}

/**
 * Holds a lock file until it is disposed of, or says at once that another process has it (null).
 * @param options.staleMs how long a process of another machine may leave it unrefreshed before it counts as gone; one of
 * this machine is asked for itself
 */
export function lockIfFree(file: string, { staleMs }: { staleMs?: number } = {}): Disposable | null {
  const lock = takeLockFile(file, file, staleMs);
  return lock.release ? holding(lock.release) : null;
}

const POLL_MS = 200;

/**
 * Holds a lock file until it is disposed of, and waits for it first.
 * @param options.onWait told once who holds it
 * @throws the signal's reason
 */
export async function lockWhenFree(
  file: string,
  { signal, onWait }: { signal?: AbortSignal; onWait?: (pid: number) => void } = {},
): Promise<Disposable> {
  makeFolders(dirname(file));
  for (let isTold = false; ; isTold = true) {
    const lock = takeLockFile(file, file);
    if (lock.release) return holding(lock.release);
    if (!isTold) onWait?.(lock.holder.pid);
    await delay(POLL_MS);
    signal?.throwIfAborted();
  }
}

function holding(release: () => void): Disposable {
  if (held.size === 0) process.on('exit', releaseAll);
  held.add(release);
  return {
    [Symbol.dispose]() {
      held.delete(release);
      if (held.size === 0) process.off('exit', releaseAll);
      release();
    },
  };
}

function takeLockFile(path: string, file: string, staleMs?: number): ReturnType<typeof takeLock> {
  try {
    return takeLock(file, staleMs);
  } catch (thrown) {
    throw isFull(thrown) ? fullDisk(path, thrown) : thrown;
  }
}

/** What a process that ends by itself lets go of; what a killed one held is taken over. */
const held = new Set<() => void>();
const releaseAll = (): void => held.forEach((release) => release());
