/**
 * Parts of a batch: what one rank of several computes of it, or one piece after the other, and how much that counts in the
 * whole batch's loss.
 */
import { createHash } from 'node:crypto';
import { InputError } from '../files/input-error';
import type { InPieces } from '../training/pieces';
import type { FinetuneConfig } from './finetune-config';
import { KEEPING, type Keeping } from './keeping-losses';
import type { TokenPair } from './pairs';
import { differingFromEnd } from './positions';

/** One batch of a configured run, as token ids. */
export interface TokenBatch {
  pairs: readonly TokenPair[];
  /** Neutral texts for the capability term. */
  documents: readonly (readonly number[])[];
  /** Where they are a part of a batch. */
  share?: Share;
}

/** A share of a batch. Its prompts are padded as the whole batch's are, so that each computes the same. */
export interface Share {
  whole: TokenBatch;
  /** For what is drawn; where there is none, the drawing goes on. */
  seed?: number;
  /** Of the whole batch's overlap loss and capability term, what this share's count. */
  overlap: number;
  capability: number;
  /** Tokens of the whole batch's longest prompt and longest document. */
  width: number;
  documentWidth: number;
}

type Place = Readonly<{ rank: number; size: number }>;
type SharedBatch = TokenBatch & { share: Share };

/** What is this rank's of a batch. A rank for which there is nothing computes the first pair and counts it 0. */
export function shareOf(batch: TokenBatch, config: FinetuneConfig, place: Place & { microBatch: number }): SharedBatch {
  return partOf(batch, config, place, seedOf(config.seed, place));
}

/** A batch, or a rank's share of one, in so many pieces; in fewer when there are not as many pairs or documents. */
export function piecesOf(batch: TokenBatch, config: FinetuneConfig, count: number): TokenBatch[] {
  const size = Math.min(count, Math.max(batch.pairs.length, batch.documents.length));
  if (size === 1) return [batch];
  return Array.from({ length: size }, (_, rank) =>
    partOf(batch, config, { rank, size }, rank === 0 ? batch.share?.seed : undefined),
  );
}

/**
 * How a configuration computes its batches in pieces.
 * @param pieces with which it begins, where memory decides
 */
export function inPieces(config: FinetuneConfig, pieces = 1): InPieces<TokenBatch> {
  const { microBatch } = config;
  const split = (batch: TokenBatch, count: number): TokenBatch[] => piecesOf(batch, config, count);
  if (microBatch === null) return { split, pieces: 1, doubles: false };
  if (microBatch === 'auto') return { split, pieces, doubles: true };
  return { split: (batch) => split(batch, Math.ceil(batch.pairs.length / microBatch)), pieces: 1, doubles: false };
}

/** Pairs and documents in their order, as many for each part as can be; the first ones, counted 0, where there are none. */
function partOf(batch: TokenBatch, config: FinetuneConfig, place: Place, seed: number | undefined): SharedBatch {
  const [pairs, documents] = [slice(batch.pairs, place), slice(batch.documents, place)];
  const counted = (all: readonly TokenPair[]): number => all.reduce((sum, pair) => sum + weightOf(pair, config), 0);
  const tokens = (all: TokenBatch['documents']): number => all.reduce((sum, ids) => sum + ids.length, 0);
  const whole = batch.share ?? wholeOf(batch);
  return {
    pairs: pairs.length > 0 ? pairs : batch.pairs.slice(0, 1),
    documents: documents.length > 0 ? documents : batch.documents.slice(0, 1),
    share: {
      ...whole,
      seed,
      overlap: whole.overlap * ratio(counted(pairs), counted(batch.pairs)),
      capability: whole.capability * ratio(tokens(documents), tokens(batch.documents)),
    },
  };
}

/** A batch as the only share of itself. */
function wholeOf(batch: TokenBatch): Share {
  const widthOf = (lengths: number[]): number => lengths.reduce((most, length) => Math.max(most, length), 0);
  return {
    whole: batch,
    overlap: 1,
    capability: 1,
    width: widthOf(batch.pairs.flatMap(({ selfIds, otherIds }) => [selfIds.length, otherIds.length])),
    documentWidth: widthOf(batch.documents.map((ids) => ids.length)),
  };
}

function slice<T>(all: readonly T[], { rank, size }: Place): T[] {
  const at = (number: number): number => Math.floor((all.length * number) / size);
  return all.slice(at(rank), at(rank + 1));
}

/** Where nothing counts the loss is 0 whatever it is multiplied by. */
const ratio = (own: number, whole: number): number => (whole === 0 ? 0 : own / whole);

/** How much a pair counts in a batch's mean: itself, or its positions that are compared, or its tokens that are predicted. */
function weightOf(pair: TokenPair, config: FinetuneConfig): number {
  const { selfIds, otherIds, answersAt = [1, 1] } = pair;
  if (config.loss === 'lm')
    return Math.max(0, selfIds.length - answersAt[0]) + Math.max(0, otherIds.length - answersAt[1]);
  if (config.loss === 'kl' || config.positions === 'all' || config.positions === 'last') return 1;
  if (config.positions === 'real') return Math.min(selfIds.length, otherIds.length);
  return differingFromEnd(pair).length;
}

/** The term of a configuration that compares the prompts of a whole batch with each other, if it has one. */
export const comparesWholeBatch = (config: Pick<FinetuneConfig, Keeping>): Keeping | undefined =>
  KEEPING.find((name) => config[name] > 0);

/** @throws InputError for a batch that is to be shared or split and cannot be */
export function requireShareable(config: FinetuneConfig, ranks: number): void {
  const term = comparesWholeBatch(config);
  if (term === undefined) return;
  const refuse = (wanted: string): never => {
    throw new InputError(`finetune: ${term} compares all prompts of a batch with each other: wanted ${wanted}`);
  };
  if (ranks > 1) refuse('one rank, got several');
  if (config.microBatch !== null) refuse(`it as a whole, got microBatch ${config.microBatch}`);
}

/** Ranks drop other values, and a run that is gone on with drops the same. */
function seedOf(seed: number, { microBatch, rank }: Place & { microBatch: number }): number {
  return createHash('sha256').update(`${seed} ${microBatch} ${rank}`).digest().readUIntBE(0, 6);
}
