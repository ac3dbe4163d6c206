/** How a tokenizer.json puts tokens together to a text: the decoders of Python's `tokenizers`. */
import { z } from 'zod';
import { BYTE_CHARACTERS } from '../characters';
import { build, expressionOf, flag, pattern, settingsOf, stages, text, wanted, type Builder } from './stages';

/** Tokens as the vocabulary spells them to texts, which are joined at the end. */
type Decoder = (tokens: readonly string[]) => string[];

const count = z.int(wanted('a whole number')).min(0, wanted('0 or more'));
const replaceSettings = z.looseObject({ pattern, content: text });
const stripSettings = z.looseObject({ content: text, start: count.default(0), stop: count.default(0) });
const wordPieceSettings = z.looseObject({ prefix: text.default('##'), cleanup: flag.default(true) });
const metaspaceSettings = z.looseObject({
  replacement: text.default('\u2581'),
  add_prefix_space: flag.nullish(),
  prepend_scheme: text.optional(),
});

const DECODERS: ReadonlyMap<string, Builder<Decoder>> = new Map<string, Builder<Decoder>>([
  ['ByteLevel', () => spelledOut],
  ['ByteFallback', () => withBytes],
  ['Fuse', () => (tokens) => [tokens.join('')]],
  [
    'Replace',
    (settings, where) => {
      const { pattern: found, content } = settingsOf(replaceSettings, settings, where);
      const expression = expressionOf(found, where);
      return (tokens) => tokens.map((token) => token.replace(expression, () => content));
    },
  ],
  [
    'Strip',
    (settings, where) => {
      const { content, start, stop } = settingsOf(stripSettings, settings, where);
      return (tokens) => tokens.map((token) => stripped(token, { content, start, stop }));
    },
  ],
  [
    'Metaspace',
    (settings, where) => {
      const { replacement, add_prefix_space: prefixed, ...given } = settingsOf(metaspaceSettings, settings, where);
      const drops = (given.prepend_scheme ?? (prefixed === false ? 'never' : 'always')) !== 'never';
      return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && drops ? '' : ' '));
    },
  ],
  [
    'WordPiece',
    (settings, where) => {
      const { prefix, cleanup } = settingsOf(wordPieceSettings, settings, where);
      const joined = (token: string, i: number): string =>
        i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return (tokens) => tokens.map(joined).map((piece) => (cleanup ? wordPieceCleaned(piece) : piece));
    },
  ],
  [
    'BPEDecoder',
    (settings, where) => {
      const { suffix } = settingsOf(z.looseObject({ suffix: text.default('</w>') }), settings, where);
      return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
    },
  ],
  [
    'Sequence',
    (settings, where) => {
      const { decoders } = settingsOf(z.looseObject({ decoders: stages }), settings, where);
      const each = decoders.map((one, i) => build(DECODERS, one, `${where}.decoders.${i}`));
      return (tokens) => each.reduce<string[]>((some, decode) => decode(some), [...tokens]);
    },
  ],
]);

/** @param settings the file's, or null for none: tokens with a space between them */
export function makeDecoder(settings: unknown): (tokens: readonly string[]) => string {
  if (settings === null) return (tokens) => tokens.join(' ');
  const decode = build(DECODERS, settings, 'decoder');
  return (tokens) => decode(tokens).join('');
}

const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const byteOf = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** Bytes spelled as characters; a token with a character that is no byte's stands for itself. */
function spelledOut(tokens: readonly string[]): string[] {
  const bytes = tokens.map((token) => {
    const spelled = Array.from(token, (character) => byteOf.get(character));
    return spelled.every((byte) => byte !== undefined) ? Uint8Array.from(spelled) : Buffer.from(token, 'utf8');
  });
  return [lossy.decode(Buffer.concat(bytes))];
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Runs of `<0xAB>` tokens become the text they spell; a run that is not UTF-8 becomes one U+FFFD per byte. */
function withBytes(tokens: readonly string[]): string[] {
  const texts: string[] = [];
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 0) texts.push(textOf(Uint8Array.from(run)));
    run = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) {
      run.push(parseInt(byte, 16));
    } else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
}

function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return '\ufffd'.repeat(bytes.length);
  }
}

/** Without that character, `start` times at most in front and `stop` times at most behind. */
function stripped(token: string, { content, start, stop }: z.infer<typeof stripSettings>): string {
  const characters = Array.from(token);
  let [from, to] = [0, characters.length];
  while (from < Math.min(start, characters.length) && characters[from] === content) from++;
  while (characters.length - to < stop && to > from && characters[to - 1] === content) to--;
  return characters.slice(from, to).join('');
}

/** No spaces before punctuation and contractions. */
export const cleaned = (given: string): string =>
  given
    .replace(/ ([.?!,])/g, '$1')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");

const wordPieceCleaned = (given: string): string => cleaned(given.replaceAll(' do not', " don't"));
