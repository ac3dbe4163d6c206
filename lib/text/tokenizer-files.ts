import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../files/input-error';
import { checkShape, readJsonFile, readTextFile } from '../files/json-file';

/** What the files beside the tokenizer itself say, checked. */
export interface TokenizerSettings {
  /** Texts of the special tokens: bos, eos, pad, unk. */
  special: { bos?: string; eos?: string; pad?: string; unk?: string };
  padSide: 'left' | 'right';
  cleanUpSpaces: boolean;
  /** Jinja source; undefined when the folder has none. */
  chatTemplate?: string;
  /** Whether bos and eos go around a text; undefined when the files do not say. tokenizer.json has its own template. */
  addBos?: boolean;
  addEos?: boolean;
  /** Tokens that are looked for in the text itself. tokenizer.json has its own. */
  addedTokens: readonly AddedToken[];
}

export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
}

export interface TokenizerJson {
  added_tokens: { id: number; content: string; special?: boolean }[];
  normalizer: object | null;
  pre_tokenizer: object | null;
  post_processor: object | null;
  decoder: object | null;
  model: { type: string; vocab: Record<string, number>; unk_token: string | null };
}

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const idSchema = z
  .int(wanted('a token id'))
  .min(0, wanted('a token id of 0 or more'))
  .max(2 ** 31, wanted('a token id'));
const flag = z.boolean(wanted('true or false')).nullish();
const stage = z
  .looseObject({ type: z.string(wanted('text')) }, wanted('an object with a type'))
  .nullish()
  .transform((v) => v ?? null);

const tokenSchema = z.union([z.string(), z.looseObject({ content: z.string() }).transform((token) => token.content)]);
const specialToken = z.preprocess((value) => value ?? undefined, tokenSchema.optional());

/** Vocabularies hold tens of thousands of entries; a plain loop checks them in a tenth of the time a schema takes. */
function checkVocab(vocab: unknown, refuse: (message: string) => void): void {
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) {
    return refuse(`must be an object of token: id, got ${shown(vocab)}`);
  }
  for (const [token, id] of Object.entries(vocab)) {
    if (!Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
      return refuse(`must map ${shown(token)} to a token id, got ${shown(id)}`);
    }
  }
}

function checkMerges(merges: unknown, refuse: (message: string) => void): void {
  if (!Array.isArray(merges)) return refuse(`must be a list, got ${shown(merges)}`);
  const isPair = (merge: unknown): boolean =>
    Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string');
  const asText = typeof merges[0] === 'string';
  const wrong = merges.findIndex((merge) =>
    asText ? typeof merge !== 'string' || !/^[^ ]+ [^ ]+$/.test(merge) : !isPair(merge),
  );
  if (wrong >= 0) refuse(`must hold pairs of tokens, got ${shown(merges[wrong])} at ${wrong}`);
}

const modelSchema = z
  .looseObject(
    {
      type: z.string(wanted('text')),
      unk_token: z
        .string(wanted('text'))
        .nullish()
        .transform((v) => v ?? null),
      byte_fallback: flag,
      ignore_merges: flag,
      fuse_unk: flag,
      dropout: z.number(wanted('a number')).nullish(),
      continuing_subword_prefix: z.string(wanted('text')).nullish(),
      end_of_word_suffix: z.string(wanted('text')).nullish(),
      vocab: z
        .unknown()
        .optional()
        .superRefine((vocab, context) => checkVocab(vocab, (message) => context.addIssue({ code: 'custom', message })))
        .transform((vocab) => vocab as Record<string, number>),
      merges: z
        .unknown()
        .optional()
        .superRefine((merges, context) => {
          if (merges !== undefined) checkMerges(merges, (message) => context.addIssue({ code: 'custom', message }));
        }),
    },
    wanted('an object'),
  )
  .superRefine((model, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    // This runs even where the fields themselves were refused; their own messages come first then.
    if (context.issues.length > 0) return;
    if (!['BPE', 'WordLevel', 'WordPiece'].includes(model.type)) {
      refuse(`type ${shown(model.type)} is not supported; known are BPE, WordLevel and WordPiece`);
    } else if (model.type === 'BPE' && model.merges === undefined) {
      refuse('is BPE but has no merges');
    } else if (model.dropout) {
      refuse(`dropout ${model.dropout} makes tokens random and is not supported`);
    } else if (model.unk_token !== null && !Object.hasOwn(model.vocab, model.unk_token)) {
      refuse(`unk_token ${shown(model.unk_token)} is not in the vocab`);
    }
  });

const tokenizerSchema = z.looseObject(
  {
    added_tokens: z
      .array(
        z.looseObject(
          {
            id: idSchema,
            content: z.string(wanted('text')).min(1, wanted('text')),
            special: z.boolean(wanted('true or false')).optional(),
            normalized: z.boolean(wanted('true or false')).optional(),
            lstrip: z.boolean(wanted('true or false')).optional(),
            rstrip: z.boolean(wanted('true or false')).optional(),
            single_word: z.boolean(wanted('true or false')).optional(),
          },
          wanted('an object'),
        ),
        wanted('a list'),
      )
      .default([]),
    normalizer: stage,
    pre_tokenizer: stage,
    post_processor: stage,
    decoder: stage,
    model: modelSchema,
  },
  wanted('an object'),
);

const configSchema = z.looseObject(
  {
    bos_token: specialToken,
    eos_token: specialToken,
    pad_token: specialToken,
    unk_token: specialToken,
    padding_side: z.enum(['left', 'right'], wanted('"left" or "right"')).optional(),
    clean_up_tokenization_spaces: flag,
    add_bos_token: flag,
    add_eos_token: flag,
    added_tokens_decoder: z
      .record(
        z.string(),
        z.looseObject(
          { content: z.string(wanted('text')).min(1, wanted('text')), special: flag },
          wanted('an object with content'),
        ),
        wanted('an object of tokens by id'),
      )
      .optional(),
    chat_template: z
      .union(
        [z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))],
        wanted('text or a list of {name, template}'),
      )
      .nullish(),
  },
  wanted('an object'),
);

/**
 * Reads tokenizer.json.
 * @throws InputError naming the place in it.
 */
export function readTokenizerJson(folder: string): TokenizerJson {
  return checkShape(tokenizerSchema, readJsonFile(join(folder, 'tokenizer.json')), 'tokenizer.json');
}

/**
 * Reads tokenizer_config.json, special_tokens_map.json and chat_template.jinja, as far as they exist.
 * @throws InputError naming the file and the place in it.
 */
export function readTokenizerSettings(folder: string): TokenizerSettings {
  const config = readOptional(folder, 'tokenizer_config.json');
  const map = readOptional(folder, 'special_tokens_map.json');
  const templateFile = join(folder, 'chat_template.jinja');
  return {
    special: {
      bos: config.bos_token ?? map.bos_token,
      eos: config.eos_token ?? map.eos_token,
      pad: config.pad_token ?? map.pad_token,
      unk: config.unk_token ?? map.unk_token,
    },
    // The tokenizer classes of decoders pad on the left when the file does not say.
    padSide: config.padding_side ?? 'left',
    cleanUpSpaces: config.clean_up_tokenization_spaces ?? false,
    chatTemplate: existsSync(templateFile) ? readTextFile(templateFile) : pickTemplate(config.chat_template),
    addBos: config.add_bos_token ?? undefined,
    addEos: config.add_eos_token ?? undefined,
    addedTokens: Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => addedToken(id, token)),
  };
}

function addedToken(id: string, token: { content: string; special?: boolean | null }): AddedToken {
  if (!/^\d{1,9}$/.test(id)) {
    throw new InputError(
      `tokenizer_config.json: added_tokens_decoder must have token ids as its keys, got ${shown(id)}`,
    );
  }
  return { id: Number(id), content: token.content, special: token.special ?? false };
}

function readOptional(folder: string, file: string): z.infer<typeof configSchema> {
  const path = join(folder, file);
  if (!existsSync(path)) return {};
  return checkShape(configSchema, readJsonFile(path, { uniqueKeys: true }), file);
}

/** Of several named templates the one called `default`. */
function pickTemplate(template: string | { name: string; template: string }[] | null | undefined): string | undefined {
  if (!Array.isArray(template)) return template ?? undefined;
  const named = template.find((one) => one.name === 'default');
  if (!named)
    throw new InputError('tokenizer_config.json: chat_template has several templates but none called default');
  return named.template;
}
