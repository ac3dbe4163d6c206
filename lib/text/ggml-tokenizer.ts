/**
 * Tokenizers as GGUF files describe them: a vocabulary under llama.cpp's keys. What is left out there, the stages around the
 * vocabulary, is known by the names of the model and of its pre-tokenizer, as transformers knows it. What comes out is a
 * tokenizer.json with the settings beside it, for the one engine that runs such files, and for folders that are written.
 */
import { InputError, quoted } from '../files/input-error';
import { BYTE_CHARACTERS, spelledBytes } from './characters';
import { derivedMerges } from './derived-merges';
import { splitOf } from './ggml-splits';

/** A vocabulary, as the keys `tokenizer.ggml.*` and `tokenizer.chat_template*` have it. */
export interface GgmlVocabulary {
  /** The file's name, for messages. */
  file: string;
  /** `general.architecture`. */
  architecture: string;
  /** `gpt2` or `llama`. */
  model: string;
  pre: string | undefined;
  tokens: readonly string[];
  scores: readonly number[] | undefined;
  types: readonly number[] | undefined;
  merges: readonly string[] | undefined;
  ids: { bos?: number; eos?: number; unk?: number; pad?: number };
  addBos: boolean | undefined;
  addEos: boolean | undefined;
  addSpacePrefix: boolean | undefined;
  /** Jinja sources by name; a single one is called `default`. */
  chatTemplates: ReadonlyMap<string, string>;
}

/** The files of a Hugging Face folder. */
export interface TokenizerFiles {
  tokenizer: object;
  /** tokenizer_config.json without chat templates. */
  config: object;
  chatTemplates: ReadonlyMap<string, string>;
}

/** Numbers of a token's type. */
const CONTROL = 3;
const USER_DEFINED = 4;

const SPACE = '\u2581';

/** What one kind of vocabulary has of its own. */
interface Kind {
  vocab: Record<string, number>;
  model: object;
  normalizer: object | null;
  preTokenizer: object | null;
  decoder: object;
  /** Special wherever the vocabulary has them. */
  special: readonly string[];
}

/**
 * The files that stand for a vocabulary.
 * @throws InputError for a kind of vocabulary that is not supported, and for keys that do not fit each other
 */
export function tokenizerFiles(of: GgmlVocabulary): TokenizerFiles {
  for (const [key, list] of Object.entries({ scores: of.scores, token_type: of.types })) {
    if (list && list.length !== of.tokens.length)
      throw new InputError(
        `${of.file}: tokenizer.ggml.${key} has ${list.length} values for ${of.tokens.length} tokens`,
      );
  }
  const { vocab, model, normalizer, preTokenizer, decoder, special } = kindOf(of);
  const token = (role: string, id: number | undefined): string | undefined => {
    if (id !== undefined && of.tokens[id] === undefined)
      throw new InputError(`${of.file}: tokenizer.ggml.${role}_token_id is ${id}, which is no token`);
    return id === undefined ? undefined : of.tokens[id];
  };
  const [bos, eos] = [token('bos', of.ids.bos), token('eos', of.ids.eos)];
  const [unk, pad] = [token('unknown', of.ids.unk), token('padding', of.ids.pad)];
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(of, vocab, [...special, bos, eos, unk, pad]),
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: around(
      (of.addBos ?? of.model === 'llama') && bos !== undefined ? [bos, vocab[bos]] : undefined,
      of.addEos && eos !== undefined ? [eos, vocab[eos]] : undefined,
    ),
    decoder,
    model: { ...model, vocab },
  };
  const config = {
    bos_token: bos,
    clean_up_tokenization_spaces: false,
    eos_token: eos,
    pad_token: pad,
    tokenizer_class: 'PreTrainedTokenizerFast',
    unk_token: unk,
  };
  return { tokenizer, config, chatTemplates: of.chatTemplates };
}

function kindOf(of: GgmlVocabulary): Kind {
  if (of.model === 'gpt2') return byteLevel(of);
  if (of.model !== 'llama')
    throw new InputError(`${of.file}: tokenizer.ggml.model is ${quoted(of.model)}, which is not supported; known are gpt2 and llama`); // prettier-ignore
  if (/^gemma[23]?$/.test(of.architecture)) return gemma(of);
  return of.architecture === 'phi3' ? phi3(of) : sentencePiece(of);
}

const idsOf = (tokens: readonly string[]): Record<string, number> =>
  Object.fromEntries(tokens.map((token, id) => [token, id]));

const byteLevelStage = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
const alphabet = new Set(BYTE_CHARACTERS);

/** GPT-2's: bytes spelled as characters, words cut by an expression that has a name. */
function byteLevel(of: GgmlVocabulary): Kind {
  const isAdded = (id: number): boolean => of.types?.[id] === CONTROL || of.types?.[id] === USER_DEFINED;
  // A few files have tokens as text; what is looked for in the text itself has to stay so.
  const spelled = of.tokens.map((token, id) =>
    isAdded(id) || Array.from(token).every((character) => alphabet.has(character)) ? token : spelledBytes(token),
  );
  const pattern = splitOf(of.pre);
  return {
    vocab: idsOf(spelled),
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false, byte_fallback: false, ignore_merges: false, merges: mergesOf(of) }, // prettier-ignore
    normalizer: null,
    preTokenizer:
      pattern === undefined
        ? { ...byteLevelStage, use_regex: true }
        : {
            type: 'Sequence',
            pretokenizers: [
              { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
              { ...byteLevelStage, use_regex: false },
            ],
          },
    decoder: { ...byteLevelStage, add_prefix_space: true, use_regex: true },
    special: ['<|endoftext|>'],
  };
}

function mergesOf({ merges, file }: GgmlVocabulary): [string, string][] {
  if (!merges) throw new InputError(`${file}: does not say "tokenizer.ggml.merges", which a gpt2 vocabulary needs`);
  return merges.map((merge, i) => {
    const parts = merge.split(' ');
    if (parts.length !== 2 || parts.includes(''))
      throw new InputError(`${file}: tokenizer.ggml.merges holds ${quoted(merge)} at ${i}, which is no pair`);
    return [parts[0], parts[1]];
  });
}

const replaced = (pattern: string, content: string): object => ({
  type: 'Replace',
  pattern: { String: pattern },
  content,
});
const spelledOut = [replaced(SPACE, ' '), { type: 'ByteFallback' }, { type: 'Fuse' }];
const withoutFirstSpace = { type: 'Strip', content: ' ', start: 1, stop: 0 };

const pieces = { type: 'BPE', dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: true, ignore_merges: false }; // prettier-ignore

/** SentencePiece's: pieces with scores, out of which the merges come where the file has none. */
function sentencePiece(of: GgmlVocabulary): Kind {
  const prefixed = of.addSpacePrefix ?? true;
  return {
    vocab: idsOf(of.tokens),
    model: { ...pieces, unk_token: null, merges: of.merges ? mergesOf(of) : derivedMerges(of.tokens, scoresOf(of)) },
    normalizer: null,
    preTokenizer: { type: 'Metaspace', replacement: SPACE, prepend_scheme: prefixed ? 'first' : 'never', split: false },
    decoder: { type: 'Sequence', decoders: prefixed ? [...spelledOut, withoutFirstSpace] : spelledOut },
    special: ['<unk>', '<s>', '</s>'],
  };
}

function scoresOf({ scores, file }: GgmlVocabulary): readonly number[] {
  if (!scores) throw new InputError(`${file}: does not say "tokenizer.ggml.scores", which a llama vocabulary needs`);
  return scores;
}

/** The same, but for a space in front of every text, also of one that begins with a space. */
function phi3(of: GgmlVocabulary): Kind {
  const normalizers = [{ type: 'Prepend', prepend: SPACE }, replaced(' ', SPACE)];
  return { ...sentencePiece(of), preTokenizer: null, normalizer: { type: 'Sequence', normalizers } };
}

/** No space in front; runs of spaces stand in the file as such; and the best merge is that of the earliest token. */
function gemma(of: GgmlVocabulary): Kind {
  const tokens = of.tokens.map((token) => (/^ +$/.test(token) ? SPACE.repeat(token.length) : token));
  const vocab = idsOf(tokens);
  return {
    vocab,
    model: {
      ...pieces,
      unk_token: Object.hasOwn(vocab, '<unk>') ? '<unk>' : null,
      merges: of.merges ? mergesOf(of) : derivedMerges(tokens, tokens.map((_, id) => -id)), // prettier-ignore
    },
    normalizer: replaced(' ', SPACE),
    preTokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    decoder: { type: 'Sequence', decoders: spelledOut },
    special: ['<pad>', '<eos>', '<bos>', '<unk>', '<mask>'],
  };
}

/** Tokens that are looked for in the text: those that the file marks, and those that have a role. */
function addedTokens(
  { tokens, types }: GgmlVocabulary,
  vocab: Record<string, number>,
  special: readonly (string | undefined)[],
): object[] {
  const found = new Map<string, boolean>();
  tokens.forEach((token, id) => {
    if (types?.[id] === CONTROL) found.set(token, true);
    else if (types?.[id] === USER_DEFINED && !found.has(token)) found.set(token, false);
  });
  for (const token of special) if (token !== undefined) found.set(token, true);
  return [...found]
    .filter(([content]) => content !== '' && Object.hasOwn(vocab, content))
    .map(([content, isSpecial]) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: isSpecial,
    })) // prettier-ignore
    .sort((a, b) => a.id - b.id);
}

type Token = readonly [text: string, id: number];

/** What goes around the ids of a text. */
function around(bos: Token | undefined, eos: Token | undefined): object {
  const special = ([id]: Token, type: number): object => ({ SpecialToken: { id, type_id: type } });
  const text = (id: string, type: number): object[] => [
    ...(bos ? [special(bos, type)] : []),
    { Sequence: { id, type_id: type } },
    ...(eos ? [special(eos, type)] : []),
  ];
  const tokens = [bos, eos].filter((token) => token !== undefined);
  return {
    type: 'TemplateProcessing',
    single: text('A', 0),
    pair: [...text('A', 0), ...text('B', 1)],
    special_tokens: Object.fromEntries(tokens.map(([id, number]) => [id, { id, ids: [number], tokens: [id] }])),
  };
}
