/** What the files beside the tokenizer itself say: tokenizer_config.json and those that older releases wrote. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../files/input-error';
import { checkShape, readJsonFile, readTextFile } from '../files/json-file';
import type { AddedToken } from './added-tokens';

export interface TokenizerSettings {
  /** Texts of the special tokens: bos, eos, pad, unk. */
  special: { bos?: string; eos?: string; pad?: string; unk?: string };
  padSide: 'left' | 'right';
  cleanUpSpaces: boolean;
  /** Jinja sources by name; a single one is called `default`. */
  chatTemplates: ReadonlyMap<string, string>;
  /** Whether bos and eos go around a text; undefined when the files do not say. tokenizer.json has its own template. */
  addBos?: boolean;
  addEos?: boolean;
  /** Tokens that are looked for in the text itself, in the order in which new ones get their ids. */
  addedTokens: readonly NamedToken[];
  /**
   * With tokenizer.model: whether every part of a text between added tokens gets the space that SentencePiece puts in
   * front, as was once the case; else only the text's beginning does, and only where there is no space.
   */
  legacy: boolean;
  /** Whether there is none of the files: then nothing is looked for in the text, as in Python's `sentencepiece`. */
  isBare: boolean;
}

/** A token as the files name it; its id where they say it. */
export type NamedToken = Omit<AddedToken, 'id'> & { readonly id?: number };

const CONFIG = 'tokenizer_config.json';
const MAP = 'special_tokens_map.json';
const ADDED = 'added_tokens.json';

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const flag = z.boolean(wanted('true or false')).nullish();

const tokenObject = z.looseObject(
  {
    content: z.string(wanted('text')).min(1, wanted('text')),
    special: flag,
    normalized: flag,
    lstrip: flag,
    rstrip: flag,
    single_word: flag,
  },
  wanted('an object with content'),
);
const token = z.union([z.string(), tokenObject], wanted('text or an object with content'));
const tokenList = z.union([z.array(token), z.record(z.string(), token)], wanted('a list of tokens')).nullish();

const configSchema = z.looseObject(
  {
    bos_token: token.nullish(),
    eos_token: token.nullish(),
    pad_token: token.nullish(),
    unk_token: token.nullish(),
    additional_special_tokens: tokenList,
    extra_special_tokens: tokenList,
    padding_side: z.enum(['left', 'right'], wanted('"left" or "right"')).optional(),
    clean_up_tokenization_spaces: flag,
    add_bos_token: flag,
    add_eos_token: flag,
    legacy: flag,
    split_special_tokens: z.literal([false, null], wanted('absent or false')).optional(),
    added_tokens_decoder: z.record(z.string(), tokenObject, wanted('an object of tokens by id')).optional(),
    chat_template: z
      .union(
        [z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))],
        wanted('text or a list of {name, template}'),
      )
      .nullish(),
  },
  wanted('an object'),
);
type Config = z.infer<typeof configSchema>;

const addedSchema = z.record(
  z.string(),
  z.int(wanted('a token id')).min(0, wanted('a token id')),
  wanted('an object of token: id'),
);

/**
 * Reads tokenizer_config.json, special_tokens_map.json, added_tokens.json and chat_template.jinja, as far as they exist,
 * as transformers does: with added_tokens_decoder in the first, the second only says what the first leaves open, and the
 * third is not needed; without, the second comes first.
 * @throws InputError naming the file and the place in it.
 */
export function readTokenizerSettings(folder: string): TokenizerSettings {
  const config = readOptional(folder, CONFIG, configSchema);
  const map = readOptional(folder, MAP, configSchema);
  const listed = config?.added_tokens_decoder ? undefined : readOptional(folder, ADDED, addedSchema);
  return settingsOf({ config, map, listed }, chatTemplates(folder, config?.chat_template));
}

/** The same for a tokenizer_config.json that stands in no file, and chat templates by their names. */
export const checkTokenizerSettings = (json: unknown, templates: ReadonlyMap<string, string>): TokenizerSettings =>
  settingsOf({ config: checkShape(configSchema, json, CONFIG) }, templates);

interface Files {
  config?: Config;
  map?: Config;
  listed?: Record<string, number>;
}

function settingsOf({ config, map, listed }: Files, chatTemplates: ReadonlyMap<string, string>): TokenizerSettings {
  const named = config?.added_tokens_decoder ? { ...map, ...config } : { ...config, ...map };
  const contentOf = (one: z.infer<typeof token> | null | undefined): string | undefined =>
    typeof one === 'string' ? one : one?.content;
  return {
    special: {
      bos: contentOf(named.bos_token),
      eos: contentOf(named.eos_token),
      pad: contentOf(named.pad_token),
      unk: contentOf(named.unk_token),
    },
    // The tokenizer classes of decoders pad on the left when the file does not say.
    padSide: config?.padding_side ?? 'left',
    cleanUpSpaces: config?.clean_up_tokenization_spaces ?? false,
    chatTemplates,
    addBos: config?.add_bos_token ?? undefined,
    addEos: config?.add_eos_token ?? undefined,
    addedTokens: addedTokens(named, config?.added_tokens_decoder ?? {}, listed ?? {}),
    legacy: config?.legacy ?? true,
    isBare: !config && !map && !listed,
  };
}

function readOptional<T>(folder: string, file: string, schema: z.ZodType<T>): T | undefined {
  const path = join(folder, file);
  return existsSync(path) ? checkShape(schema, readJsonFile(path, { uniqueKeys: true }), file) : undefined;
}

/** Tokens with ids by their ids, then those that are only named. */
function addedTokens(
  named: Config,
  decoder: Record<string, z.infer<typeof tokenObject>>,
  listed: Record<string, number>,
): NamedToken[] {
  const tokens = namedTokens(named);
  const isNamed = new Set(tokens.map(({ content }) => content));
  const withIds = [
    ...Object.entries(decoder).map(([id, one]) => {
      const { special, ...found } = tokenOf(one, one.special ?? false);
      return { ...found, special: special || isNamed.has(one.content), id: idOf(id) };
    }),
    ...Object.entries(listed).map(([content, id]) => ({ ...tokenOf(content, isNamed.has(content)), id })),
  ].sort((a, b) => a.id - b.id);
  const has = new Set(withIds.map(({ content }) => content));
  return [...withIds, ...tokens.filter(({ content }) => !has.has(content))];
}

/** bos_token and every other setting of that kind, and the lists of further special tokens. */
function namedTokens(named: Config): NamedToken[] {
  const single = Object.entries(named).flatMap(([key, value]) => {
    const found = key.endsWith('_token') ? token.safeParse(value) : undefined;
    return found?.success ? [found.data] : [];
  });
  const lists = [named.additional_special_tokens, named.extra_special_tokens].flatMap((list) =>
    Object.values(list ?? {}),
  );
  const further = lists.map((one) => tokenOf(one, typeof one === 'string' ? true : (one.special ?? false)));
  return [...single.filter((one) => one !== '').map((one) => tokenOf(one, true)), ...further];
}

function tokenOf(one: z.infer<typeof token>, special: boolean): NamedToken {
  const { content, normalized, lstrip, rstrip, single_word } = typeof one === 'string' ? { content: one } : one;
  return {
    content,
    special,
    normalized: normalized ?? !special,
    lstrip: lstrip ?? false,
    rstrip: rstrip ?? false,
    singleWord: single_word ?? false,
  };
}

function idOf(id: string): number {
  if (!/^\d{1,9}$/.test(id)) {
    throw new InputError(`${CONFIG}: added_tokens_decoder must have token ids as its keys, got ${shown(id)}`);
  }
  return Number(id);
}

function chatTemplates(folder: string, template: Config['chat_template']): Map<string, string> {
  const file = join(folder, 'chat_template.jinja');
  if (existsSync(file)) return new Map([['default', readTextFile(file)]]);
  if (Array.isArray(template)) return new Map(template.map((one) => [one.name, one.template]));
  return new Map(template == null ? [] : [['default', template]]);
}
