/** Files that are opened for what they are: a pipe would hold the process up, a link would lead elsewhere. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError } from './input-error';
import { fileError } from './json-file';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/**
 * Opens a file for reading.
 * @throws InputError when it is missing or no regular file; a pipe is not waited for
 */
export function openToRead(path: string): number {
  return openRegular(path, O_RDONLY, (file) => {
    if (!fstatSync(file).isFile()) throw new InputError(`${basename(path)}: wanted a file, but ${path} is not one`);
  });
}

/**
 * Opens a log of ours for reading and for adding lines, or makes it.
 * @throws InputError for anything but a file that has this one name: what lies behind a link is not ours to write to
 */
export function openToAppend(path: string): number {
  return openRegular(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, (file) => {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new InputError(`${basename(path)}: wanted a file to write to, but ${path} is not one`);
    if (stat.nlink > 1) throw new InputError(`${path}: has another name too (a hard link), and is left as it is`);
  });
}

function openRegular(path: string, flags: number, check: (file: number) => void): number {
  let file: number | undefined;
  try {
    file = openSync(path, flags | O_NONBLOCK, 0o666);
    check(file);
    return file;
  } catch (thrown) {
    if (file !== undefined) closeSync(file);
    if ((thrown as NodeJS.ErrnoException).code === 'ELOOP')
      throw new InputError(`${path}: is a link, and what lies behind it is left as it is`);
    throw fileError(thrown, path);
  }
}
