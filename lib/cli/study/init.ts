import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { writeTextAside } from '../../files/write-aside';
import { initialStudy } from '../../studies/honesty';
import { InputError, type Result } from '../command';

export function define(command: Command): void {
  command.argument('[file]', 'where it goes', 'study.yaml');
}

/** `soo study init`: never over a file that is there. */
export function run([file]: readonly string[]): Result {
  if (existsSync(file)) throw new InputError(`${file}: is there already; choose another name`);
  writeTextAside(file, initialStudy());
  return {
    json: { file },
    text: `${file}: written. Fill in the model and the files, then: soo study freeze ${file}, soo study run ${file} --out DIR`,
  };
}
