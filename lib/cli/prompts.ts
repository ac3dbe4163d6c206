import { basename } from 'node:path';
import { z } from 'zod';
import { readInput } from '../files/input-file';
import { decodeText, parseJson } from '../files/json-file';
import type { LanguageModel } from '../models';
import type { Tokenizer } from '../text';
import { checked, InputError } from './command';

const promptsSchema = z
  .array(z.union([z.string(), z.looseObject({ prompt: z.string() })], 'must be text or {prompt: text}'), {
    error: 'must be a JSON list of texts or of {prompt}',
  })
  .min(1, 'contains no prompts')
  .transform((prompts) => prompts.map((one) => (typeof one === 'string' ? one : one.prompt)));

/** Prompts of a file: a JSON list of strings or of objects with a `prompt`. */
export const readPrompts = (file: string): string[] => promptsOf(readInput(file), file);

/** The prompts in the bytes of a file. @param file names it in messages */
export function promptsOf(bytes: Uint8Array, file: string): string[] {
  const name = basename(file);
  return checked(promptsSchema, parseJson(decodeText(bytes, name), name), name);
}

/**
 * Token ids of prompts, bos and all.
 * @throws InputError for a prompt that gives no tokens, more than the model has positions for, or one that it has no
 * embedding for
 */
export function encodePrompts(prompts: readonly string[], tokenizer: Tokenizer, model: LanguageModel): number[][] {
  const encoded = encodeLongPrompts(prompts, tokenizer, model);
  const most = model.config.maxPositionEmbeddings;
  const long = encoded.findIndex((ids) => ids.length > most);
  if (long < 0) return encoded;
  throw new InputError(
    `prompt ${long} has ${encoded[long].length} tokens, but max_position_embeddings of config.json is ${most}`,
  );
}

/** The same, of any length: for those who cut. */
export function encodeLongPrompts(
  prompts: readonly string[],
  tokenizer: Tokenizer,
  { config }: LanguageModel,
): number[][] {
  return prompts.map((prompt, i) => {
    const ids = tokenizer.encode(prompt);
    if (ids.length === 0) throw new InputError(`prompt ${i} gives no tokens`);
    const outside = ids.find((id) => id >= config.vocabSize);
    if (outside !== undefined) {
      throw new InputError(`prompt ${i} holds token ${outside}, but vocab_size of config.json is ${config.vocabSize}`);
    }
    return ids;
  });
}
