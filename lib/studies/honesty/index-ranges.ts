/** Which items of a set are for choosing settings, and which for judging claims: two ranges that share none. */
import { z } from 'zod';
import { shown } from '../../files/input-error';

export const SPLITS = ['development', 'confirmation'] as const;
export type Split = (typeof SPLITS)[number];

/** First and last index, both counted in. */
export interface Range {
  first: number;
  last: number;
}

const WANTED = 'must be a range of indices such as "0-49"';

/** `0-49` in the file. */
export const rangeSchema = z.string(WANTED).transform((text, context): Range => {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text.trim()) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first !== undefined && range.first <= range.last) return range;
  context.addIssue(`${WANTED}, got ${shown(text)}`);
  return z.NEVER;
});

export const sizeOf = ({ first, last }: Range): number => last - first + 1;

export const rangeText = ({ first, last }: Range): string => `${first}-${last}`;

export const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;
