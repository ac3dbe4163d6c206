import type { Command } from 'commander';
import { z } from 'zod';
import { freezeStudy, readInputs } from '../../studies/honesty';
import { checked, type Result } from '../command';
import { makeFolder } from '../out-folder';
import { addStudyOptions, namedStudy } from './named-study';

const optionsSchema = z.object({ out: z.string().min(1).optional() });

export function define(command: Command): void {
  addStudyOptions(command);
  command.option('--out <dir>', 'folder of the study to come, which gets the lock (default: beside the file)');
}

/** `soo study freeze`: from here on the file is not to be changed. */
export async function run([path]: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { out } = checked(optionsSchema, given);
  const { file, model, data } = await namedStudy(path, given);
  const { inputs } = readInputs(file, model, data);
  const folder = out === undefined ? undefined : makeFolder(out);
  const frozen = freezeStudy(file, inputs, { folder });
  const { sha256, frozenAt } = frozen.lock;
  return {
    json: { file: frozen.path, ...frozen.lock },
    text: `${file.study.name}: frozen on ${frozenAt}, sha256 ${sha256.slice(0, 16)}, in ${frozen.path}`,
  };
}
