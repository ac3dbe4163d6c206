/** SentencePiece's `tokenizer.model`: a protobuf (sentencepiece_model.proto), read and checked. */
import type { IField, IType, Type } from 'protobufjs/light';
import { readBytes } from '../../files/json-file';
import { InputError, messageOf, shown } from '../../files/input-error';

/** What a piece is for; the numbers are the file's. */
export const PieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

export interface Normalization {
  /** Trie and replacements of a rule such as nmt_nfkc; empty for identity. */
  readonly charsMap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  readonly whitespaceAsSuffix: boolean;
}

export interface SentencePieceModel {
  readonly kind: 'unigram' | 'bpe';
  /** By id. */
  readonly pieces: readonly Piece[];
  readonly unkId: number;
  /** What an unknown piece decodes to. */
  readonly unkSurface: string;
  /** Control pieces that may stand before and after a text; undefined where the model has none. */
  readonly bosPiece: string | undefined;
  readonly eosPiece: string | undefined;
  /** Ids of the 256 byte pieces, or null when unknown text becomes the unknown piece. */
  readonly byteIds: readonly number[] | null;
  readonly normalization: Normalization;
}

const field = (type: string, id: number, value?: unknown): IField => ({
  type,
  id,
  ...(value === undefined ? {} : { options: { default: value } }),
});

/** proto2 tells what is false from what is not there, on which the defaults below depend. */
const message = (fields: IType['fields']): IType => ({ edition: 'proto2', fields });

const SCHEMA = {
  nested: {
    Model: message({
      pieces: { ...field('Piece', 1), rule: 'repeated' },
      trainer: field('Trainer', 2),
      normalizer: field('Normalizer', 3),
      denormalizer: field('Normalizer', 5),
    }),
    Piece: message({ piece: field('string', 1), score: field('float', 2), type: field('int32', 3, 1) }),
    Trainer: message({
      modelType: field('int32', 3, 1),
      treatWhitespaceAsSuffix: field('bool', 24, false),
      byteFallback: field('bool', 35, false),
      unkSurface: field('string', 44, ' \u2047 '),
      bosPiece: field('string', 46, '<s>'),
      eosPiece: field('string', 47, '</s>'),
    }),
    Normalizer: message({
      precompiledCharsmap: field('bytes', 2),
      addDummyPrefix: field('bool', 3, true),
      removeExtraWhitespaces: field('bool', 4, true),
      escapeWhitespaces: field('bool', 5, true),
    }),
  },
};

interface Written {
  pieces: { piece: string; score: number; type: number }[];
  trainer: {
    modelType: number;
    treatWhitespaceAsSuffix: boolean;
    byteFallback: boolean;
    unkSurface: string;
    bosPiece: string;
    eosPiece: string;
  } | null;
  normalizer: WrittenNormalizer | null;
  denormalizer: WrittenNormalizer | null;
}

interface WrittenNormalizer {
  precompiledCharsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  escapeWhitespaces: boolean;
}

const KINDS: Readonly<Partial<Record<number, string>>> = { 1: 'unigram', 2: 'bpe', 3: 'word', 4: 'char' };

/**
 * Reads a `tokenizer.model`.
 * @throws InputError, one line that says what is wrong in the file
 */
export function readSentencePieceModel(path: string): SentencePieceModel {
  return checkedModel(decode(readBytes(path)));
}

function refuse(message: string): never {
  throw new InputError(`tokenizer.model: ${message}`);
}

let modelType: Type | undefined;

/** protobufjs takes 0.2 s to load, which only those who have such a file should wait for. */
function typeOfModel(): Type {
  const { Root } = require('protobufjs/light') as typeof import('protobufjs/light');
  return Root.fromJSON(SCHEMA).lookupType('Model');
}

/** Llama 3 has such a file under the same name: tokens in base 64, each with its rank. */
const isTiktoken = (bytes: Uint8Array): boolean =>
  /^[A-Za-z0-9+/]+=* \d+\r?\n/.test(Buffer.from(bytes.subarray(0, 1024)).toString('latin1'));

function decode(bytes: Uint8Array): Written {
  if (isTiktoken(bytes)) refuse('is a tiktoken file, which is not supported; tokenizer.json is');
  modelType ??= typeOfModel();
  try {
    return modelType.decode(bytes) as unknown as Written;
  } catch (thrown) {
    return refuse(`is not a SentencePiece model: ${messageOf(thrown)}`);
  }
}

function checkedModel({ pieces: written, trainer, normalizer, denormalizer }: Written): SentencePieceModel {
  if (written.length === 0 || !trainer || !normalizer)
    refuse('is not a SentencePiece model: it has no pieces or no settings');
  const kind = KINDS[trainer.modelType];
  if (kind !== 'unigram' && kind !== 'bpe') {
    refuse(`model type ${kind ?? trainer.modelType} is not supported; known are unigram and bpe`);
  }
  if (denormalizer && denormalizer.precompiledCharsmap.length > 0) refuse('a denormalizer is not supported');
  const pieces = written.map(({ piece, score, type }) => ({ text: piece, score, type }));
  const ids = checkPieces(pieces);
  const control = (text: string): string | undefined =>
    pieces[ids.get(text) ?? -1]?.type === PieceType.control ? text : undefined;
  return {
    kind,
    pieces,
    unkId: theUnknown(pieces),
    unkSurface: trainer.unkSurface,
    bosPiece: control(trainer.bosPiece),
    eosPiece: control(trainer.eosPiece),
    byteIds: trainer.byteFallback ? byteIds(pieces, ids) : null,
    normalization: {
      charsMap: normalizer.precompiledCharsmap,
      addDummyPrefix: normalizer.addDummyPrefix,
      removeExtraWhitespaces: normalizer.removeExtraWhitespaces,
      escapeWhitespaces: normalizer.escapeWhitespaces,
      whitespaceAsSuffix: trainer.treatWhitespaceAsSuffix,
    },
  };
}

function checkPieces(pieces: readonly Piece[]): Map<string, number> {
  const ids = new Map<string, number>();
  pieces.forEach(({ text, score, type }, id) => {
    if (text === '') refuse(`piece ${id} is empty`);
    if (ids.has(text)) refuse(`pieces ${ids.get(text)} and ${id} are both ${shown(text)}`);
    if (!Number.isFinite(score)) refuse(`piece ${id} has the score ${score}`);
    if (type < PieceType.normal || type > PieceType.byte) refuse(`piece ${id} has the unknown type ${type}`);
    ids.set(text, id);
  });
  return ids;
}

function theUnknown(pieces: readonly Piece[]): number {
  const unknown = [...pieces.keys()].filter((id) => pieces[id].type === PieceType.unknown);
  if (unknown.length !== 1) refuse(`wanted one unknown piece, got ${unknown.length}`);
  return unknown[0];
}

function byteIds(pieces: readonly Piece[], ids: ReadonlyMap<string, number>): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const text = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const id = ids.get(text);
    if (id === undefined || pieces[id].type !== PieceType.byte) return refuse(`byte fallback needs the piece ${text}`);
    return id;
  });
}
