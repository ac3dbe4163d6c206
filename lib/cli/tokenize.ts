import type { Command } from 'commander';
import { z } from 'zod';
import { isGgufFile, readGgufHeader } from '../checkpoints/gguf/header';
import { ggufVocabulary } from '../checkpoints/gguf/vocabulary';
import { Tokenizer } from '../text';
import { addChatOptions, formatOf, templateOf } from './chat-options';
import { checked, InputError, type Result } from './command';
import { MODEL_HELP, namedTokenizer, recordedModel } from './named-model';
import { readPrompts } from './prompts';

export const worksWithoutAddon = true;

const optionsSchema = z.object({ model: z.string(), prompts: z.string() });

export function define(command: Command): void {
  command
    .requiredOption('--model <model>', MODEL_HELP)
    .requiredOption('--prompts <file>', 'JSON list of texts or of {prompt}');
  addChatOptions(command);
}

/** `soo tokenize`: token ids of prompts, special tokens, template and all, as the model would get them. */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const { model: named, prompts: file } = checked(optionsSchema, options);
  const prompts = readPrompts(file);
  const found = await namedTokenizer(named);
  const format = formatOf(options, tokenizerOf(found.path));
  const ids = prompts.map((prompt) => format.encode(prompt));
  const texts = prompts.map((prompt, i) => `${prompt}\n  > ${ids[i].join(' ')}`);
  return { json: { ids, ...recordedModel(found), ...templateOf(format) }, text: texts.join('\n\n') };
}

function tokenizerOf(path: string): Tokenizer {
  if (isGgufFile(path)) {
    const vocabulary = ggufVocabulary(readGgufHeader(path).metadata);
    if (!vocabulary) throw new InputError(`${path}: has no tokenizer`);
    return Tokenizer.fromGgml(vocabulary);
  }
  return Tokenizer.fromFolder(path);
}
