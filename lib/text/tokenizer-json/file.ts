/** `tokenizer.json`, read and checked; its stages are checked where they are built. */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import type { AddedToken } from '../added-tokens';
import { flag, text, wanted } from './stages';

export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  /** Settings of the stages; null where there is none. */
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly post_processor: unknown;
  readonly decoder: unknown;
  readonly model: ModelJson;
}

export interface ModelJson {
  readonly type: 'BPE' | 'WordLevel' | 'WordPiece';
  readonly vocab: Record<string, number>;
  readonly unk_token: string | null;
  readonly merges?: readonly (string | readonly [string, string])[];
  readonly byte_fallback?: boolean | null;
  readonly ignore_merges?: boolean | null;
  readonly fuse_unk?: boolean | null;
  readonly continuing_subword_prefix?: string | null;
  readonly end_of_word_suffix?: string | null;
  readonly max_input_chars_per_word?: number;
}

const FILE = 'tokenizer.json';
const TYPES = ['BPE', 'WordLevel', 'WordPiece'] as const;

const idSchema = z
  .int(wanted('a token id'))
  .min(0, wanted('a token id of 0 or more'))
  .max(2 ** 31, wanted('a token id'));
const optionalFlag = flag.nullish();
const stage = z
  .unknown()
  .optional()
  .transform((settings) => settings ?? null);

/** The largest published vocabularies hold a quarter of this. */
const MOST_TOKENS = 2 ** 20;

/** Vocabularies hold tens of thousands of entries; a plain loop checks them in a tenth of the time a schema takes. */
function checkVocab(vocab: unknown, refuse: (message: string) => void): void {
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab)) {
    return refuse(`must be an object of token: id, got ${shown(vocab)}`);
  }
  const count = Object.keys(vocab).length;
  if (count > MOST_TOKENS) return refuse(`has ${count} tokens, more than the ${MOST_TOKENS} allowed`);
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
      type: z.enum(TYPES),
      unk_token: text.nullish().transform((token) => token ?? null),
      byte_fallback: optionalFlag,
      ignore_merges: optionalFlag,
      fuse_unk: optionalFlag,
      dropout: z.number(wanted('a number')).nullish(),
      continuing_subword_prefix: text.nullish(),
      end_of_word_suffix: text.nullish(),
      max_input_chars_per_word: z.int(wanted('a whole number')).min(0, wanted('0 or more')).optional(),
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
        })
        .transform((merges) => merges as ModelJson['merges']),
    },
    wanted('an object'),
  )
  .superRefine((model, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    // This runs even where the fields themselves were refused; their own messages come first then.
    if (context.issues.length > 0) return;
    if (model.type === 'BPE' && model.merges === undefined) {
      refuse('is BPE but has no merges');
    } else if (model.dropout) {
      refuse(`dropout ${model.dropout} makes tokens random and is not supported`);
    } else if (model.unk_token !== null && !Object.hasOwn(model.vocab, model.unk_token)) {
      // GPT-2's own file has "" there: none, which its bytes never need.
      if (model.unk_token !== '') refuse(`unk_token ${shown(model.unk_token)} is not in the vocab`);
    }
  });

const tokenSchema = z
  .looseObject(
    {
      id: idSchema,
      content: text.min(1, wanted('text')),
      special: flag.default(false),
      normalized: flag.optional(),
      lstrip: flag.default(false),
      rstrip: flag.default(false),
      single_word: flag.default(false),
    },
    wanted('an object'),
  )
  .transform(({ id, content, special, lstrip, rstrip, single_word, normalized }): AddedToken => {
    return { id, content, special, lstrip, rstrip, singleWord: single_word, normalized: normalized ?? !special };
  });

const tokenizerSchema = z.looseObject(
  {
    added_tokens: z.array(tokenSchema, wanted('a list')).nullish(),
    normalizer: stage,
    pre_tokenizer: stage,
    post_processor: stage,
    decoder: stage,
    model: modelSchema,
  },
  wanted('an object'),
);

/**
 * Reads tokenizer.json.
 * @throws InputError naming the place in it.
 */
export const readTokenizerJson = (folder: string): TokenizerJson =>
  checkTokenizerJson(readJsonFile(join(folder, FILE)));

/** Checks what a tokenizer.json holds; throws as {@link readTokenizerJson}. */
export function checkTokenizerJson(json: unknown): TokenizerJson {
  const file = checkShape(tokenizerSchema, withModelType(json), FILE);
  return { ...file, added_tokens: file.added_tokens ?? [] };
}

/**
 * The first files of this format, GPT-2's among them, do not say which type the model is; its settings do.
 * @throws InputError for a type that is not known, which tells more than the settings that it lacks
 */
function withModelType(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  const { model } = json as { model?: unknown };
  if (typeof model !== 'object' || model === null) return json;
  const { type = guessedType(model) } = model as { type?: unknown };
  if (!(TYPES as readonly unknown[]).includes(type)) {
    throw new InputError(`${FILE}: model type ${shown(type)} is not supported; known are ${TYPES.join(', ')}`);
  }
  return { ...json, model: { ...model, type } };
}

function guessedType(model: object): string {
  if ('merges' in model) return 'BPE';
  if ('max_input_chars_per_word' in model) return 'WordPiece';
  return 'vocab' in model && Array.isArray(model.vocab) ? 'Unigram' : 'WordLevel';
}
