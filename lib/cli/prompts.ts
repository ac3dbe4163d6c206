import { basename } from 'node:path';
import { z } from 'zod';
import { readInput } from '../files/input-file';
import { decodeText, parseJson } from '../files/json-file';
import { checked } from './command';

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
