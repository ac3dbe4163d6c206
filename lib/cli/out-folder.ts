import { mkdirSync } from 'node:fs';
import { InputError } from './command';

/** Makes the folder that `--out` names, and hands it back. @throws InputError when that cannot be */
export function makeFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (thrown) {
    throw new InputError(
      `--out ${folder}: cannot make this folder: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
  }
}
