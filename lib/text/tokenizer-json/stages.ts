/** What the stages of a tokenizer.json have in common: each is an object with a type and the settings of that type. */
import * as library from '@huggingface/tokenizers';
import { z } from 'zod';
import { InputError, messageOf, shown } from '../../files/input-error';
import { checkShape } from '../../files/json-file';

const FILE = 'tokenizer.json';

/** The part of the library that is used: it translates expressions. Its declarations do not resolve under node16 rules. */
const { SplitPreTokenizer } = library as unknown as {
  SplitPreTokenizer: new (settings: { pattern: { Regex: unknown } }) => { pattern: RegExp };
};

/** Makes a stage of its settings; `where` leads the messages. */
export type Builder<T> = (settings: unknown, where: string) => T;

/** Says what was wanted and what came. */
export const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});

export const text = z.string(wanted('text'));
export const flag = z.boolean(wanted('true or false'));
export const stages = z.array(z.unknown(), wanted('a list of stages'));

const typed = z.looseObject({ type: text }, wanted('an object with a type'));

/**
 * Makes the stage that `settings` describe.
 * @throws InputError for a type that is not in the table, and what the builders throw
 */
export function build<T>(table: ReadonlyMap<string, Builder<T>>, settings: unknown, where: string): T {
  const { type } = settingsOf(typed, settings, where);
  const builder = table.get(type);
  if (!builder)
    throw new InputError(
      `${FILE}: ${where} type ${shown(type)} is not supported; known are ${[...table.keys()].join(', ')}`,
    );
  return builder(settings, where);
}

/** The settings of a stage, checked. */
export function settingsOf<T>(schema: z.ZodType<T>, settings: unknown, where: string): T {
  return checkShape(schema, settings, `${FILE}: ${where}`);
}

/** Refuses a setting by its name. */
export function refuse(where: string, setting: string, value: unknown): never {
  throw new InputError(`${FILE}: ${where} ${setting} ${shown(value)} is not supported`);
}

/** What a stage looks for: text as it stands, or a regular expression of Oniguruma's kind. */
export const pattern = z.union(
  [z.looseObject({ String: text }), z.looseObject({ Regex: text })],
  wanted('{"String": text} or {"Regex": text}'),
);

/**
 * The pattern in JavaScript's syntax, global.
 * @throws InputError for one that cannot be translated
 */
export function expressionOf(found: z.infer<typeof pattern>, where: string): RegExp {
  if ('String' in found) return new RegExp(String(found.String).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  try {
    return new SplitPreTokenizer({ pattern: { Regex: found.Regex } }).pattern;
  } catch (thrown) {
    throw new InputError(`${FILE}: ${where} pattern ${shown(found.Regex)} cannot be used: ${messageOf(thrown)}`);
  }
}
