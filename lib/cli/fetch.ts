import type { Command } from 'commander';
import type { Result } from './command';
import { newestModel } from './named-model';
import { bytesText } from './progress';
import { listing } from './table';

export const worksWithoutAddon = true;

export function define(command: Command): void {
  command.argument('<name>', 'ORG/NAME, ORG/NAME@REVISION or ORG/NAME:FILE.gguf on the hub');
}

/** `soo fetch`: brings a model into the cache, or what is there to the newest commit. */
export async function run([name]: readonly string[]): Promise<Result> {
  const found = await newestModel(name);
  const { fetched, path, revision } = found;
  return {
    json: found,
    text: listing([
      ['model', found.name],
      ['revision', revision],
      ['fetched', fetched === 0 ? 'nothing: all of it was there' : bytesText(fetched)],
      ['path', path],
    ]),
  };
}
