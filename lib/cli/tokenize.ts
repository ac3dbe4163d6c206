import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { isGgufFile, readGgufHeader } from '../checkpoints/gguf/header';
import { ggufVocabulary } from '../checkpoints/gguf/vocabulary';
import { Tokenizer } from '../text';
import { addChatOptions, formatOf, templateOf } from './chat-options';
import { checked, InputError, type Result } from './command';
import { readPrompts } from './prompts';

export const worksWithoutAddon = true;

const optionsSchema = z.object({ model: z.string(), prompts: z.string() });

export function define(command: Command): void {
  command
    .requiredOption('--model <path>', 'Hugging Face folder with tokenizer.json or tokenizer.model, or GGUF file')
    .requiredOption('--prompts <file>', 'JSON list of texts or of {prompt}');
  addChatOptions(command);
}

/** `soo tokenize`: token ids of prompts, special tokens, template and all, as the model would get them. */
export function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Result {
  const { model: folder, prompts: file } = checked(optionsSchema, options);
  const prompts = readPrompts(file);
  const format = formatOf(options, tokenizerOf(folder));
  const ids = prompts.map((prompt) => format.encode(prompt));
  const texts = prompts.map((prompt, i) => `${prompt}\n  > ${ids[i].join(' ')}`);
  return { json: { ids, ...templateOf(format) }, text: texts.join('\n\n') };
}

function tokenizerOf(path: string): Tokenizer {
  if (isGgufFile(path)) {
    const vocabulary = ggufVocabulary(readGgufHeader(path).metadata);
    if (!vocabulary) throw new InputError(`${path}: has no tokenizer`);
    return Tokenizer.fromGgml(vocabulary);
  }
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`--model ${path}: no such folder`);
  return Tokenizer.fromFolder(path);
}
