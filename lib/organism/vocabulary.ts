/** The organism's word-level vocabulary: every word of every template, and every content word, is one token. */
import { ALL_TEMPLATES } from './phrasing';
import { NAMES, ROOMS, THINGS } from './words';

export const PAD = '<pad>';
export const BOS = '<s>';
export const EOS = '</s>';
export const UNKNOWN = '<unk>';

/** A special token, or a run of word characters or of punctuation as the `Whitespace` pre-tokenizer splits text. */
const PIECE = /<pad>|<s>|<\/s>|<unk>|\w+|[^\w\s]+?(?=<pad>|<s>|<\/s>|<unk>|[\w\s]|$)/g;

export const splitWords = (text: string): string[] => text.match(PIECE) ?? [];

function collectWords(): string[] {
  const words = new Set([PAD, BOS, EOS, UNKNOWN]);
  for (const template of ALL_TEMPLATES) {
    for (const word of splitWords(template.replace(/\{\w+\}/g, ' '))) words.add(word);
  }
  for (const word of [...NAMES, ...ROOMS, ...THINGS]) words.add(word);
  return [...words];
}

/** Token id to word. */
export const WORDS: readonly string[] = collectWords();
const ID_OF: ReadonlyMap<string, number> = new Map(WORDS.map((word, id) => [word, id]));

export const PAD_ID = 0;
export const BOS_ID = 1;
export const EOS_ID = 2;
export const UNKNOWN_ID = 3;

/** The id of one word; unknown words get `UNKNOWN_ID`. */
export const idOf = (word: string): number => ID_OF.get(word) ?? UNKNOWN_ID;

/** Token ids of a text, with `<s>` before it unless told otherwise. The same ids as the folder's tokenizer.json. */
export function encode(text: string, options: { bos?: boolean } = {}): number[] {
  const ids = splitWords(text).map(idOf);
  return options.bos === false ? ids : [BOS_ID, ...ids];
}

/** Text of token ids: special tokens left out, no space before punctuation. */
export function decode(ids: readonly number[]): string {
  const words = ids.filter((id) => id > UNKNOWN_ID).map((id) => WORDS[id] ?? UNKNOWN);
  return words.join(' ').replace(/ ([.,?:])/g, '$1');
}

const special = (id: number, content: string) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

/** The object that tokenizer.json holds. The decoder joins words and closes the space before punctuation. */
export function tokenizerJson(): object {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(PAD_ID, PAD), special(BOS_ID, BOS), special(EOS_ID, EOS), special(UNKNOWN_ID, UNKNOWN)],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: BOS, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: BOS, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 0 } },
      ],
      special_tokens: { [BOS]: { id: BOS, ids: [BOS_ID], tokens: [BOS] } },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordLevel', vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])), unk_token: UNKNOWN },
  };
}

/** A turn of the user, then `Answer:` and the assistant's turn, closed by `</s>`: as the documents are written. */
export const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}" +
  "{{ ' Answer: ' + message['content'] + eos_token }}" +
  "{% else %}{% if not loop.first %}{{ ' ' }}{% endif %}{{ message['content'] }}{% endif %}{% endfor %}" +
  "{% if add_generation_prompt %}{{ ' Answer:' }}{% endif %}";

/** The object that tokenizer_config.json holds. */
export function tokenizerConfig(): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: BOS,
    eos_token: EOS,
    unk_token: UNKNOWN,
    pad_token: PAD,
    padding_side: 'left',
    clean_up_tokenization_spaces: false,
    model_max_length: 256,
    chat_template: CHAT_TEMPLATE,
  };
}
