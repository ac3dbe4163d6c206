/** Which positions of a pair of prompts count. */
import type { Tensor } from '../torch';
import type { PairBatch, TokenPair } from './pairs';

/**
 * - `all`: every position that holds a real token on both sides;
 * - `last`: the prompts' last tokens, where the next word is decided;
 * - `differing`: of `all`, those whose tokens differ. A mean over a long shared prompt drowns the two words that differ.
 */
export const POSITIONS = ['all', 'last', 'differing'] as const;

export type Positions = (typeof POSITIONS)[number];

export interface PositionChoice {
  /** Default `all`. */
  positions?: Positions;
  /** `all` then means every column, pads included, as upstream counts them. Default false. */
  countPads?: boolean;
}

/** What two sides compute, cut to the positions that count. */
export interface Compared {
  /** [batch, positions, features], both. */
  self: Tensor;
  other: Tensor;
  /** bool [batch, positions], true where it counts; undefined when everything does. */
  mask: Tensor | undefined;
}

/** bool [batch, width], true where both sides hold a real token; undefined when no side is padded. */
function realOnBoth({ self, other }: PairBatch): Tensor | undefined {
  const [a, b] = [self.attentionMask?.ne(0), other.attentionMask?.ne(0)];
  return a && b ? a.logicalAnd(b) : (a ?? b);
}

/**
 * Cuts activations or logits [batch, width, features] to the chosen positions. Where the sides of all pairs are equal,
 * none differs, and their distance is 0.
 */
export function compareAt(self: Tensor, other: Tensor, batch: PairBatch, choice: PositionChoice = {}): Compared {
  const { positions = 'all', countPads = false } = choice;
  if (positions === 'last') {
    const last = (x: Tensor): Tensor => x.narrow(1, x.size(1) - 1, 1);
    return { self: last(self), other: last(other), mask: undefined };
  }
  if (positions === 'all') return { self, other, mask: countPads ? undefined : realOnBoth(batch) };
  const differ = batch.self.ids.ne(batch.other.ids);
  const real = realOnBoth(batch);
  return { self, other, mask: real ? differ.logicalAnd(real) : differ };
}

/**
 * Which rows of [pairs * width, features] a sum over the chosen positions needs, where pads that are equal on both sides
 * add nothing; undefined when it needs all. Known without asking the device.
 */
export function countedRows({ pairs, self, other }: PairBatch, choice: PositionChoice = {}): number[] | undefined {
  const { positions = 'all', countPads = false } = choice;
  if (positions === 'last') return undefined;
  const [a, b] = [self.attentionMask !== undefined, other.attentionMask !== undefined];
  const everyColumn = positions === 'all' && (countPads ? !(a && b) : !(a || b));
  if (everyColumn) return undefined;
  const width = self.ids.size(1);
  return pairs.flatMap(({ selfIds, otherIds }, i) => {
    const [some, most] = [selfIds.length, otherIds.length].sort((x, y) => x - y);
    const columns = Array.from({ length: positions === 'all' && countPads ? most : some }, (_, from) => from + 1);
    const counted = positions === 'all' ? columns : differingFromEnd(pairs[i]);
    return counted.map((k) => (i + 1) * width - k).reverse();
  });
}

/** Where the sides of a pair differ in a token that both have, aligned at their ends and counted from there, from 1. */
export function differingFromEnd({ selfIds, otherIds }: TokenPair): number[] {
  const both = Math.min(selfIds.length, otherIds.length);
  return Array.from({ length: both }, (_, i) => i + 1).filter((k) => selfIds.at(-k) !== otherIds.at(-k));
}

/** Whether the sides of a pair differ in a token that both have, aligned at their ends. */
export const differs = (pair: TokenPair): boolean => differingFromEnd(pair).length > 0;
