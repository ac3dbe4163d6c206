import type { Command } from 'commander';
import { z } from 'zod';
import { Tokenizer } from '../text';
import { checked, type Result } from './command';
import { MODEL_HELP, namedTokenizer, recordedModel } from './named-model';
import { readPrompts } from './prompts';

export const worksWithoutAddon = true;

const optionsSchema = z.object({ model: z.string(), prompts: z.string() });

export function define(command: Command): void {
  command
    .requiredOption('--model <model>', MODEL_HELP)
    .requiredOption('--prompts <file>', 'JSON list of texts or of {prompt}');
}

/** `soo tokenize`: token ids of prompts, special tokens and all, as the model would get them. */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const { model: named, prompts: file } = checked(optionsSchema, options);
  const prompts = readPrompts(file);
  const found = await namedTokenizer(named);
  const tokenizer = Tokenizer.fromFolder(found.path);
  const ids = prompts.map((prompt) => tokenizer.encode(prompt));
  const texts = prompts.map((prompt, i) => `${prompt}\n  > ${ids[i].join(' ')}`);
  return { json: { ids, ...recordedModel(found) }, text: texts.join('\n\n') };
}
