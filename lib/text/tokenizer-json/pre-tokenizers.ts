/** Where a tokenizer.json cuts a normalised text into words: the pre-tokenizers of Python's `tokenizers`. */
import { z } from 'zod';
import { PUNCTUATION, SPACES, spelledBytes, WORD } from '../characters';
import { build, expressionOf, flag, pattern, refuse, settingsOf, stages, text, wanted, type Builder } from './stages';

/** A part of a text; `first` is the one where the whole text begins. */
export interface Word {
  readonly text: string;
  readonly first: boolean;
}

export type PreTokenizer = (word: Word) => Word[];

const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
/** What becomes of the places that a pattern matches. */
type Behavior = (typeof BEHAVIORS)[number];

const behavior = z.enum(BEHAVIORS, wanted(BEHAVIORS.join(', ')));
const splitSettings = z.looseObject({ pattern, behavior, invert: flag.default(false) });
const metaspaceSettings = z.looseObject({
  replacement: text.default('\u2581'),
  add_prefix_space: flag.nullish(),
  prepend_scheme: z.enum(['always', 'first', 'never'], wanted('always, first or never')).optional(),
  split: flag.default(true),
});
const byteLevelSettings = z.looseObject({ add_prefix_space: flag.default(true), use_regex: flag.default(true) });

/** GPT-2's. */
const BYTE_LEVEL_WORDS = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACES}\\p{L}\\p{N}]+|[${SPACES}]+(?![^${SPACES}])|[${SPACES}]+`,
  'gu',
);
const oneSpace = new RegExp(`[${SPACES}]`, 'gu');
const onePunctuation = new RegExp(`[${PUNCTUATION}]`, 'gu');
const wordsAndSigns = new RegExp(`[${WORD}]+|[^${WORD}${SPACES}]+`, 'gu');

const PRE_TOKENIZERS: ReadonlyMap<string, Builder<PreTokenizer>> = new Map<string, Builder<PreTokenizer>>([
  ['Whitespace', () => (word) => split(word, wordsAndSigns, 'Removed', true)],
  ['WhitespaceSplit', () => (word) => split(word, oneSpace, 'Removed')],
  [
    'BertPreTokenizer',
    () => (word) => split(word, oneSpace, 'Removed').flatMap((part) => split(part, onePunctuation, 'Isolated')),
  ],
  [
    'Punctuation',
    (settings, where) => {
      const { behavior: how } = settingsOf(z.looseObject({ behavior: behavior.default('Isolated') }), settings, where);
      return (word) => split(word, onePunctuation, how);
    },
  ],
  [
    'Digits',
    (settings, where) => {
      const { individual_digits: single } = settingsOf(
        z.looseObject({ individual_digits: flag.default(false) }),
        settings,
        where,
      );
      return (word) => split(word, /\p{N}/gu, single ? 'Isolated' : 'Contiguous');
    },
  ],
  [
    'Split',
    (settings, where) => {
      const { pattern: found, behavior: how, invert } = settingsOf(splitSettings, settings, where);
      const expression = expressionOf(found, where);
      return (word) => split(word, expression, how, invert);
    },
  ],
  ['Metaspace', (settings, where) => metaspace(settingsOf(metaspaceSettings, settings, where), where)],
  ['ByteLevel', (settings, where) => byteLevel(settingsOf(byteLevelSettings, settings, where))],
  [
    'Sequence',
    (settings, where) => {
      const { pretokenizers } = settingsOf(z.looseObject({ pretokenizers: stages }), settings, where);
      const each = pretokenizers.map((one, i) => build(PRE_TOKENIZERS, one, `${where}.pretokenizers.${i}`));
      return (word) => each.reduce((words, cut) => words.flatMap(cut), [word]);
    },
  ],
]);

/** @param settings the file's, or null for none */
export function makePreTokenizer(settings: unknown): PreTokenizer {
  return settings === null ? (word) => [word] : build(PRE_TOKENIZERS, settings, 'pre_tokenizer');
}

function metaspace(settings: z.infer<typeof metaspaceSettings>, where: string): PreTokenizer {
  const { replacement, split: cuts } = settings;
  if ([...replacement].length !== 1) refuse(where, 'replacement', replacement);
  const scheme = settings.prepend_scheme ?? (settings.add_prefix_space === false ? 'never' : 'always');
  const mark = expressionOf({ String: replacement }, where);
  return (word) => {
    const spaced = word.text.replaceAll(' ', () => replacement);
    const prepends = scheme === 'always' || (scheme === 'first' && word.first);
    const whole = { ...word, text: prepends && !spaced.startsWith(replacement) ? replacement + spaced : spaced };
    return cuts ? split(whole, mark, 'MergedWithNext') : [whole];
  };
}

function byteLevel({ add_prefix_space: prefixed, use_regex: cuts }: z.infer<typeof byteLevelSettings>): PreTokenizer {
  return (word) => {
    const whole = { ...word, text: prefixed && !word.text.startsWith(' ') ? ` ${word.text}` : word.text };
    const words = cuts ? split(whole, BYTE_LEVEL_WORDS, 'Isolated') : [whole];
    return words.map((one) => ({ ...one, text: spelledBytes(one.text) }));
  };
}

/** A place of a text, and whether the pattern matched it. */
interface Span {
  start: number;
  end: number;
  matched: boolean;
}

/** Cuts at the matches of a global expression; `invert` takes what is between the matches for the matches. */
function split({ text: whole, first }: Word, expression: RegExp, how: Behavior, invert = false): Word[] {
  const spans = spansOf(whole, expression).map((span) => ({ ...span, matched: span.matched !== invert }));
  return arranged(spans, how)
    .filter(({ start, end }) => start < end)
    .map(({ start, end }) => ({ text: whole.slice(start, end), first: first && start === 0 }));
}

function spansOf(whole: string, expression: RegExp): Span[] {
  const spans: Span[] = [];
  let done = 0;
  for (const { 0: match, index } of whole.matchAll(expression)) {
    if (done < index) spans.push({ start: done, end: index, matched: false });
    done = index + match.length;
    spans.push({ start: index, end: done, matched: true });
  }
  if (done < whole.length) spans.push({ start: done, end: whole.length, matched: false });
  return spans;
}

function arranged(spans: Span[], how: Behavior): Span[] {
  if (how === 'Isolated') return spans;
  if (how === 'Removed') return spans.filter(({ matched }) => !matched);
  // From the end, a span joins the one that comes after it.
  const order = how === 'MergedWithNext' ? spans.toReversed() : spans;
  const joined: Span[] = [];
  let before = false;
  for (const { start, end, matched } of order) {
    const joins = how === 'Contiguous' ? matched === before : matched && !before;
    before = matched;
    const last = joins ? joined.at(-1) : undefined;
    if (last) Object.assign(last, { start: Math.min(start, last.start), end: Math.max(end, last.end) });
    else joined.push({ start, end, matched });
  }
  return how === 'MergedWithNext' ? joined.reverse() : joined;
}
