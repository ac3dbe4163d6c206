/** What `freeze` and `run` share: the study file, the model that it names, and where its data is. */
import type { Command } from 'commander';
import { z } from 'zod';
import { isGgufFile } from '../../checkpoints/gguf/header';
import { folder as organismFolder } from '../../organism';
import { readStudy, type FoundModel, type StudyFile } from '../../studies/honesty';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checked } from '../command';
import { requireModel } from '../model-options';
import { MODEL_HELP, namedModel } from '../named-model';

const optionsSchema = z.object({ data: z.string().optional(), model: z.string().optional() });

export function addStudyOptions(command: Command): void {
  command
    .argument('<file>', 'study file, YAML or JSON')
    .option('--data <dir>', 'folder of the data files that the study names (default: its own)')
    .option('--model <model>', `instead of the file's model: ${MODEL_HELP}`);
}

export interface NamedStudy {
  file: StudyFile;
  model: FoundModel;
  data: string | undefined;
}

/** Reads the file, and finds its model: the embedded one, a path beside the file or from here, or a name on the hub. */
export async function namedStudy(path: string, given: Readonly<Record<string, unknown>>): Promise<NamedStudy> {
  const { data, model } = checked(optionsSchema, given);
  const file = readStudy(path);
  return { file, data, model: await foundModel(model ?? file.study.model, model === undefined ? dirname(path) : '.') };
}

async function foundModel(named: string, beside: string): Promise<FoundModel> {
  if (named === 'organism') return { path: organismFolder };
  const near = resolve(beside, named);
  const found = await namedModel(existsSync(near) || isGgufFile(near) ? near : named);
  requireModel(found.path);
  return { path: found.path, name: found.name, revision: found.revision };
}
