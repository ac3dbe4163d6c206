import { mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../files/folders';
import { messageOf } from '../files/input-error';
import { InputError } from './command';

/**
 * Makes the folder that `--out` names, unless it is there, and hands it back.
 * @throws InputError when that cannot be, or when nothing can be written into it
 */
export function makeFolder(folder: string): string {
  try {
    makeFolders(folder);
  } catch (thrown) {
    throw new InputError(`--out ${folder}: cannot make this folder: ${messageOf(thrown)}`);
  }
  try {
    // Asking for the rights would not tell of a disk that is mounted for reading only.
    rmdirSync(mkdtempSync(join(folder, '.soo-')));
  } catch (thrown) {
    throw new InputError(`--out ${folder}: cannot write into this folder: ${messageOf(thrown)}`);
  }
  return folder;
}
