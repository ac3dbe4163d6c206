/** What a tokenizer.json does to a text before it is cut: the normalizers of Python's `tokenizers`. */
import { z } from 'zod';
import { InputError } from '../../files/input-error';
import { lowerCase, SPACES, spelledBytes, stripped } from '../characters';
import { build, expressionOf, flag, pattern, settingsOf, stages, text, type Builder } from './stages';

export type Normalizer = (text: string) => string;

const replaceSettings = z.looseObject({ pattern, content: text.max(1000, 'must have 1000 characters at most') });
const stripSettings = z.looseObject({ strip_left: flag.default(true), strip_right: flag.default(true) });
const bertSettings = z.looseObject({
  clean_text: flag.default(true),
  handle_chinese_chars: flag.default(true),
  strip_accents: flag.nullish(),
  lowercase: flag.default(true),
});

const NORMALIZERS: ReadonlyMap<string, Builder<Normalizer>> = new Map<string, Builder<Normalizer>>([
  ['NFC', () => (given) => given.normalize('NFC')],
  ['NFD', () => (given) => given.normalize('NFD')],
  ['NFKC', () => (given) => given.normalize('NFKC')],
  ['NFKD', () => (given) => given.normalize('NFKD')],
  ['Lowercase', () => lowerCase],
  ['StripAccents', () => (given) => given.replace(/\p{M}/gu, '')],
  ['ByteLevel', () => spelledBytes],
  [
    'Strip',
    (settings, where) => {
      const { strip_left: left, strip_right: right } = settingsOf(stripSettings, settings, where);
      return (given) => stripped(given, { left, right });
    },
  ],
  [
    'Prepend',
    (settings, where) => {
      const { prepend } = settingsOf(z.looseObject({ prepend: text }), settings, where);
      return (given) => (given === '' ? '' : prepend + given);
    },
  ],
  [
    'Replace',
    (settings, where) => {
      const { pattern: found, content } = settingsOf(replaceSettings, settings, where);
      const expression = expressionOf(found, where);
      return (given) => given.replace(expression, () => content);
    },
  ],
  ['BertNormalizer', (settings, where) => bertNormalizer(settingsOf(bertSettings, settings, where))],
  [
    'Sequence',
    (settings, where) => {
      const { normalizers } = settingsOf(z.looseObject({ normalizers: stages }), settings, where);
      const each = normalizers.map((one, i) => build(NORMALIZERS, one, `${where}.normalizers.${i}`));
      return (given) => each.reduce((text, normalize) => requireShort(normalize(text), given), given);
    },
  ],
]);

/** @param settings the file's, or null for none */
export function makeNormalizer(settings: unknown): Normalizer {
  return settings === null ? (given) => given : build(NORMALIZERS, settings, 'normalizer');
}

/** Forty stages that double a text fill the memory; no language's marks make sixty-four of one. */
function requireShort(made: string, given: string): string {
  if (made.length > 64 * given.length + 1e6)
    throw new InputError('normalizer: makes the text more than 64 times as long');
  return made;
}

const unwanted = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu;
const space = new RegExp(`[${SPACES}]`, 'gu');
/** The blocks of Chinese characters that BERT's own code lists. */
const chinese =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

function bertNormalizer(settings: z.infer<typeof bertSettings>): Normalizer {
  const { clean_text: clean, handle_chinese_chars: spaced, lowercase } = settings;
  const accentsGo = settings.strip_accents ?? lowercase;
  return (given) => {
    let out = clean ? given.replace(unwanted, '').replace(space, ' ') : given;
    if (spaced) out = out.replace(chinese, ' $& ');
    if (accentsGo) out = out.normalize('NFD').replace(/\p{Mn}/gu, '');
    return lowercase ? lowerCase(out) : out;
  };
}
