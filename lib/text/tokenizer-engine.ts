import { Tokenizer } from '@huggingface/tokenizers';
import { InputError, messageOf } from '../files/input-error';
import type { TokenizerJson, TokenizerSettings } from './tokenizer-files';

/** What turns text into ids and back. */
export interface TokenizerEngine {
  /** Name of the file that it runs, for messages. */
  readonly file: string;
  /** One more than the largest id. */
  readonly size: number;
  readonly unkToken: string | null;
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/** The part of the library's tokenizer that is used; its own declarations do not resolve under node16 rules. */
type LibraryTokenizer = Omit<TokenizerEngine, 'file' | 'size' | 'unkToken'> & { readonly decoder: DecoderStage | null };

interface DecoderStage {
  readonly config: { type?: string };
  readonly decoders?: DecoderStage[];
  decode_chain(tokens: string[]): string[];
}

/**
 * Builds the engine of `@huggingface/tokenizers` from checked files, with three differences from its own reading of
 * them, each to give what Python gives:
 * - the `Whitespace` pre-tokenizer knows Unicode's words, not ASCII's;
 * - a WordLevel model takes its unknown token from tokenizer.json, not from tokenizer_config.json;
 * - bytes that are no UTF-8 decode to one U+FFFD each, as in the Rust library.
 */
export function buildEngine(tokenizer: TokenizerJson, settings: TokenizerSettings): TokenizerEngine {
  const { model, added_tokens: added } = tokenizer;
  const unknown = model.unk_token ?? settings.special.unk;
  let engine: LibraryTokenizer;
  try {
    engine = new Tokenizer(
      { ...tokenizer, pre_tokenizer: withUnicodeWords(tokenizer.pre_tokenizer) },
      { unk_token: unknown, eos_token: settings.special.eos, clean_up_tokenization_spaces: settings.cleanUpSpaces },
    );
    if (engine.decoder) decodeBytesOneByOne(engine.decoder);
  } catch (thrown) {
    throw new InputError(`tokenizer.json: cannot be used: ${messageOf(thrown)}`);
  }
  const ids = [...Object.values(model.vocab), ...added.map(({ id }) => id)];
  return Object.assign(engine, {
    file: 'tokenizer.json',
    size: 1 + ids.reduce((most, id) => Math.max(most, id), -1),
    unkToken: model.unk_token,
  });
}

/** Rust's `\w`, spelled out; the library's own class of that name is Oniguruma's, which differs. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const UNICODE_WHITESPACE = {
  type: 'Split',
  pattern: { Regex: `[${WORD}]+|[^${WORD}\\p{White_Space}]+` },
  behavior: 'Removed',
  invert: true,
};

function withUnicodeWords(stage: object | null): object | null {
  if (stage === null) return null;
  const { type, pretokenizers } = stage as { type?: unknown; pretokenizers?: unknown };
  if (type === 'Whitespace') return UNICODE_WHITESPACE;
  if (type === 'Sequence' && Array.isArray(pretokenizers)) {
    return { ...stage, pretokenizers: pretokenizers.map((one: unknown) => withUnicodeWords(one as object)) };
  }
  return stage;
}

function decodeBytesOneByOne(decoder: DecoderStage): void {
  if (decoder.config.type === 'ByteFallback') decoder.decode_chain = decodeByteTokens;
  decoder.decoders?.forEach(decodeBytesOneByOne);
}

/** Runs of `<0xAB>` tokens become the text they spell; a run that is not UTF-8 becomes one U+FFFD per byte. */
function decodeByteTokens(tokens: string[]): string[] {
  const texts: string[] = [];
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 0) texts.push(decodeRun(Uint8Array.from(run)));
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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeRun(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return '\ufffd'.repeat(bytes.length);
  }
}
