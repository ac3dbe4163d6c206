/** Where byte-level vocabularies of GGUF files cut a text into words, by `tokenizer.ggml.pre`: transformers' table. */

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const BEHIND = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const SIGNS = String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`;
const WORD = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`;

const LLAMA3 = `${CONTRACTIONS}|${WORD}|\\p{N}{1,3}|${SIGNS}|${BEHIND}`;
const QWEN2 = `${CONTRACTIONS}|${WORD}|\\p{N}|${SIGNS}|${BEHIND}`;
const QWEN35 = String.raw`${CONTRACTIONS}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${BEHIND}`;

const UPPER = String.raw`\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}`;
const LOWER = String.raw`\p{Ll}\p{Lm}\p{Lo}\p{M}`;
const SIGNS_AND_SLASHES = String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`;
/** Words that begin with a capital or have one after another. */
const cased = (ending: string): string =>
  [`[${UPPER}]*[${LOWER}]+`, `[${UPPER}]+[${LOWER}]*`]
    .map((word) => `[^\\r\\n\\p{L}\\p{N}]?${word}${ending}`)
    .join('|');
const TEKKEN = `${cased('')}|\\p{N}|${SIGNS_AND_SLASHES}|${BEHIND}`;
const GPT4O = `${cased(`${CONTRACTIONS}?`)}|\\p{N}{1,3}|${SIGNS_AND_SLASHES}|${BEHIND}`;

const NAMES: readonly [pattern: string, names: string][] = [
  [LLAMA3, 'llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano dbrx smaug-bpe'],
  [QWEN2, 'qwen2 deepseek-r1-qwen kormo f2llmv2 megrez'],
  [QWEN35, 'qwen35'],
  [TEKKEN, 'tekken'],
  [GPT4O, 'gpt-4o llama4 kanana2 talkie minimax-m2'],
];

const BY_NAME = new Map(NAMES.flatMap(([pattern, names]) => names.split(' ').map((name) => [name, pattern] as const)));

/** The expression of a name; undefined where it is GPT-2's, as for every name that is not known. */
export const splitOf = (name: string | undefined): string | undefined => BY_NAME.get(name ?? '');
