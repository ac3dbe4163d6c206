/** What one rank of several computes of a batch, and how much that counts in the whole batch's loss. */
import { createHash } from 'node:crypto';
import { InputError } from '../files/input-error';
import type { FinetuneConfig } from './finetune-config';
import { KEEPING } from './keeping-losses';
import type { Share, TokenBatch } from './losses';
import type { TokenPair } from './pairs';
import { differingFromEnd } from './positions';

type Place = Readonly<{ rank: number; size: number }>;

/**
 * The pairs and documents of a batch that are this rank's: as many for each as can be, in their order. A rank for which
 * there are none computes the first ones and counts them 0, as it has to take part.
 */
export function shareOf(
  batch: TokenBatch,
  config: FinetuneConfig,
  place: Place & { microBatch: number },
): TokenBatch & { share: Share } {
  const pairs = partOf(batch.pairs, place);
  const documents = partOf(batch.documents, place);
  const counted = (all: readonly TokenPair[]): number => all.reduce((sum, pair) => sum + weightOf(pair, config), 0);
  const tokens = (all: TokenBatch['documents']): number => all.reduce((sum, ids) => sum + ids.length, 0);
  const widthOf = (lengths: number[]): number => lengths.reduce((most, length) => Math.max(most, length), 0);
  return {
    pairs: pairs.length > 0 ? pairs : batch.pairs.slice(0, 1),
    documents: documents.length > 0 ? documents : batch.documents.slice(0, 1),
    share: {
      whole: batch,
      seed: seedOf(config.seed, place),
      overlap: ratio(counted(pairs), counted(batch.pairs)),
      capability: ratio(tokens(documents), tokens(batch.documents)),
      width: widthOf(batch.pairs.flatMap(({ selfIds, otherIds }) => [selfIds.length, otherIds.length])),
      documentWidth: widthOf(batch.documents.map((ids) => ids.length)),
    },
  };
}

function partOf<T>(all: readonly T[], { rank, size }: Place): T[] {
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

/** @throws InputError for terms that compare the prompts of a whole batch with each other */
export function requireShareable(config: FinetuneConfig): void {
  const term = KEEPING.find((name) => config[name] > 0);
  if (term === undefined) return;
  throw new InputError(
    `finetune: ${term} compares all prompts of a batch with each other: wanted one rank, got several`,
  );
}

/** Ranks drop other values, and a run that is gone on with drops the same. */
function seedOf(seed: number, { microBatch, rank }: Place & { microBatch: number }): number {
  return createHash('sha256').update(`${seed} ${microBatch} ${rank}`).digest().readUIntBE(0, 6);
}
