import { InputError, shown } from '../../files/input-error';
import type { TokenizerEngine } from '../tokenizer-engine';
import type { AddedToken, TokenizerSettings } from '../tokenizer-files';
import { bpeCutter, unigramCutter, type Cut } from './cutting';
import { PieceType, type SentencePieceModel } from './model-file';
import { makeNormalizer, prefixMatcher, SPACE, type PrefixMatcher } from './normalizer';

/**
 * Runs a `tokenizer.model` as Python's `sentencepiece` does: the same ids and the same text. Two things come from
 * tokenizer_config.json, as transformers has them for tokenizers of this kind: bos (on unless add_bos_token says otherwise) and
 * eos (off unless add_eos_token says otherwise) around the text, and the tokens of added_tokens_decoder, which are looked
 * for in the text itself.
 */
export class SentencePieceEngine implements TokenizerEngine {
  readonly file = 'tokenizer.model';
  readonly size: number;
  readonly unkToken: string;
  readonly #ids: Map<string, number>;
  readonly #added: Map<number, AddedToken>;
  readonly #findAdded: PrefixMatcher;
  readonly #pieceIds: (text: string) => number[];
  readonly #around: { before: number[]; after: number[] };

  constructor(
    private readonly model: SentencePieceModel,
    settings: TokenizerSettings,
  ) {
    const { pieces, unkId } = model;
    this.#ids = new Map(pieces.map(({ text }, id) => [text, id]));
    this.#added = new Map(settings.addedTokens.map((token) => [token.id, token]));
    for (const { id, content } of settings.addedTokens) this.#add(id, content);
    this.#findAdded = prefixMatcher(settings.addedTokens.map(({ content }) => content));
    this.size = 1 + [...this.#ids.values()].reduce((most, id) => Math.max(most, id), -1);
    this.unkToken = pieces[unkId].text;
    this.#pieceIds = encoder(model);
    const idsOf = (wanted: boolean, token: string | undefined): number[] =>
      wanted && token !== undefined ? [this.#ids.get(token) ?? []].flat() : [];
    const { bos, eos } = settings.special;
    this.#around = { before: idsOf(settings.addBos ?? true, bos), after: idsOf(settings.addEos ?? false, eos) };
  }

  #add(id: number, content: string): void {
    const known = this.model.pieces[id]?.text ?? content;
    if (known !== content || (this.#ids.get(content) ?? id) !== id) {
      throw new InputError(
        `tokenizer_config.json: added_tokens_decoder has ${shown(content)} as ${id}, and tokenizer.model ${shown(known)}`,
      );
    }
    this.#ids.set(content, id);
  }

  encode(text: string, { add_special_tokens }: { add_special_tokens: boolean }): { ids: number[] } {
    const ids: number[] = [];
    let start = 0;
    const flush = (end: number): void => {
      if (end > start) for (const id of this.#pieceIds(text.slice(start, end))) ids.push(id);
    };
    for (let at = 0; at < text.length; at++) {
      const token = this.#added.size > 0 ? this.#findAdded(text, at) : undefined;
      if (token === undefined) continue;
      flush(at);
      ids.push(this.#ids.get(token) ?? this.model.unkId);
      start = at + token.length;
      at = start - 1;
    }
    flush(text.length);
    return { ids: add_special_tokens ? [...this.#around.before, ...ids, ...this.#around.after] : ids };
  }

  decode(ids: number[], { skip_special_tokens }: { skip_special_tokens: boolean }): string {
    const { addDummyPrefix, removeExtraWhitespaces } = this.model.normalization;
    let text = '';
    let bytes: number[] = [];
    // The space that was put in front of the text goes; where extra spaces are removed, all in front go.
    let begins = addDummyPrefix || removeExtraWhitespaces;
    const flush = (): void => {
      text += textOfBytes(bytes);
      bytes = [];
    };
    for (const id of ids) {
      const piece = this.model.pieces[id];
      if (piece?.type === PieceType.byte) {
        bytes.push(parseInt(piece.text.slice(3, 5), 16));
        continue;
      }
      flush();
      const next = this.#textOf(id, skip_special_tokens);
      const spaced = begins && text === '' && next.startsWith(SPACE);
      text += (spaced ? next.slice(SPACE.length) : next).replaceAll(SPACE, ' ');
      if (spaced && !removeExtraWhitespaces) begins = false;
    }
    flush();
    return text;
  }

  /** A piece as the vocabulary spells it, or what stands for it. */
  #textOf(id: number, skipSpecial: boolean): string {
    const piece = this.model.pieces[id];
    const added = this.#added.get(id);
    if (!piece) return skipSpecial && added?.special ? '' : (added?.content ?? '');
    if (piece.type === PieceType.control) return skipSpecial ? '' : piece.text;
    return piece.type === PieceType.unknown ? this.model.unkSurface : piece.text;
  }

  token_to_id(token: string): number | undefined {
    return this.#ids.get(token);
  }

  id_to_token(id: number): string | undefined {
    return this.model.pieces[id]?.text ?? this.#added.get(id)?.content;
  }
}

/** Text without added tokens to ids. */
function encoder(model: SentencePieceModel): (text: string) => number[] {
  const userDefined = prefixMatcher(
    model.pieces.filter(({ type }) => type === PieceType.userDefined).map(({ text }) => text),
  );
  const normalize = makeNormalizer(model.normalization, userDefined);
  const cut = model.kind === 'bpe' ? bpeCutter(model, userDefined) : unigramCutter(model);
  return (text) => idsOf(cut(normalize(text)), model);
}

/** Unknown pieces become their bytes where the model has those; else a run of them is one. */
function idsOf(cuts: readonly Cut[], { unkId, byteIds }: SentencePieceModel): number[] {
  const ids: number[] = [];
  let afterUnknown = false;
  for (const { text, id } of cuts) {
    const unknown = id === unkId;
    if (unknown && byteIds) for (const byte of Buffer.from(text, 'utf8')) ids.push(byteIds[byte]);
    else if (!unknown || !afterUnknown) ids.push(id);
    afterUnknown = unknown;
  }
  return ids;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 character by character; a byte that begins none becomes U+FFFD. */
function textOfBytes(bytes: readonly number[]): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at];
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      text += utf8.decode(Uint8Array.from(bytes.slice(at, at + length)));
      at += length;
    } catch {
      text += '\ufffd';
      at++;
    }
  }
  return text;
}
