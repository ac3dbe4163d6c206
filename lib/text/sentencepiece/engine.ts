import { AddedTokens, withFurtherTokens, type AddedToken } from '../added-tokens';
import type { TokenizerEngine } from '../tokenizer-engine';
import type { NamedToken, TokenizerSettings } from '../tokenizer-settings';
import { bpeCutter, unigramCutter, type Cut } from './cutting';
import { PieceType, type Piece, type SentencePieceModel } from './model-file';
import { makeNormalizer, prefixMatcher, SPACE } from './normalizer';

/**
 * Runs a `tokenizer.model` as Python's `sentencepiece` does: the same ids and the same text. What transformers adds for
 * tokenizers of this kind comes from the files beside it: bos (on unless add_bos_token says otherwise) and eos (off unless
 * add_eos_token says otherwise) around the text; tokens that are looked for in the text itself, among them the
 * control pieces and the unknown piece wherever there is such a file; and, with `"legacy": false`, a space in front of the text alone.
 */
export class SentencePieceEngine implements TokenizerEngine {
  readonly file = 'tokenizer.model';
  readonly size: number;
  readonly unkToken: string;
  readonly #ids: Map<string, number>;
  readonly #special: ReadonlyMap<number, AddedToken>;
  readonly #added: AddedTokens;
  readonly #pieceIds: (text: string, first: boolean) => number[];
  readonly #around: { before: number[]; after: number[] };

  /** @throws InputError for tokens whose ids do not fit the model's */
  constructor(
    private readonly model: SentencePieceModel,
    settings: TokenizerSettings,
  ) {
    const { pieces, unkId } = model;
    this.unkToken = pieces[unkId].text;
    this.#ids = new Map(pieces.map(({ text }, id) => [text, id]));
    const added = withFurtherTokens({ file: this.file, ids: this.#ids }, [], lookedFor(pieces, settings));
    for (const { id, content } of added) this.#ids.set(content, id);
    this.#special = new Map(added.map((token) => [token.id, token]));
    this.#added = new AddedTokens(added, (text) => text);
    this.size = 1 + [...this.#ids.values()].reduce((most, id) => Math.max(most, id), -1);
    this.#pieceIds = encoder(model, settings.legacy);
    const idsOf = (wanted: boolean, token: string | undefined): number[] =>
      wanted && token !== undefined ? [this.#ids.get(token) ?? []].flat() : [];
    const { bos, eos } = settings.special;
    this.#around = { before: idsOf(settings.addBos ?? true, bos), after: idsOf(settings.addEos ?? false, eos) };
  }

  encode(text: string, { add_special_tokens }: { add_special_tokens: boolean }): { ids: number[] } {
    const ids: number[] = [];
    for (const section of this.#added.split(text)) {
      if ('id' in section) ids.push(section.id);
      else for (const id of this.#pieceIds(section.text, section.first)) ids.push(id);
    }
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
    const added = this.#special.get(id);
    if (added) return skipSpecial && added.special ? '' : added.content;
    const piece = this.model.pieces[id];
    if (!piece || (skipSpecial && piece.type === PieceType.control)) return '';
    return piece.type === PieceType.unknown ? this.model.unkSurface : piece.text;
  }

  token_to_id(token: string): number | undefined {
    return this.#ids.get(token);
  }

  id_to_token(id: number): string | undefined {
    return this.model.pieces[id]?.text ?? this.#special.get(id)?.content;
  }
}

/** Tokens that are looked for in a text: those that the files name, and the pieces that no text may spell otherwise. */
function lookedFor(pieces: readonly Piece[], { special, addedTokens, isBare }: TokenizerSettings): NamedToken[] {
  if (isBare) return [];
  const reserved: number[] = [PieceType.control, PieceType.unknown];
  const own = pieces.filter(({ type }) => reserved.includes(type)).map(({ text }) => text);
  const named = new Set(addedTokens.map(({ content }) => content));
  const further = new Set([special.bos, special.eos, ...own].filter((content) => content !== undefined));
  const flags = { special: true, normalized: false, lstrip: false, rstrip: false, singleWord: false };
  return [...addedTokens, ...[...further].filter((one) => !named.has(one)).map((content) => ({ content, ...flags }))];
}

/** Text without added tokens to ids; `first` is where the whole text begins. */
function encoder(model: SentencePieceModel, legacy: boolean): (text: string, first: boolean) => number[] {
  const { normalization } = model;
  const userDefined = prefixMatcher(
    model.pieces.filter(({ type }) => type === PieceType.userDefined).map(({ text }) => text),
  );
  const cut = model.kind === 'bpe' ? bpeCutter(model, userDefined) : unigramCutter(model);
  const normalize = makeNormalizer(normalization, userDefined);
  if (legacy || !normalization.addDummyPrefix || normalization.whitespaceAsSuffix)
    return (text) => idsOf(cut(normalize(text)), model);
  const plain = makeNormalizer({ ...normalization, addDummyPrefix: false }, userDefined);
  return (text, first) => {
    const out = plain(text);
    const prefixed = first && out !== '' && !out.startsWith(SPACE);
    return idsOf(cut(prefixed ? SPACE + out : out), model);
  };
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
