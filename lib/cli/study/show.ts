import type { Command } from 'commander';
import { assemble } from '../../studies/honesty';
import type { Result } from '../command';
import { textOf } from './results-text';

export function define(command: Command): void {
  command.argument('<dir>', 'folder of a study');
}

/** `soo study show`: what the folder holds by now, judged. */
export function run([folder]: readonly string[]): Result {
  const results = assemble(folder);
  return { json: results, text: textOf(results) };
}
