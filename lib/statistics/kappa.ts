/** How well two labellers agree beyond chance: a judge and a human, say. */
import { LEVEL, reach, type Interval } from './intervals';

export interface Agreement {
  n: number;
  /** Share of items with the same label. */
  agreement: number;
  /** Cohen's (1960); null where chance alone would always agree, as when both use one label only. */
  kappa: number | null;
  /** From the large-sample error of Fleiss, Cohen and Everitt (1969), cut at 1. */
  interval: Interval | null;
  labels: string[];
  /** Counts: a row for each label of the first, a column for each of the second. */
  confusion: number[][];
}

/**
 * @param first labels of the items @param second of the same items, in the same order
 * @param labels in the order of the table; those that occur, where none are given
 * @throws RangeError for no items, for lists of different lengths and for a label that is not in the table
 */
export function agreement(
  first: readonly string[],
  second: readonly string[],
  labels: readonly string[] = [...new Set([...first, ...second])].sort(),
  level = LEVEL,
): Agreement {
  const n = first.length;
  if (n === 0) throw new RangeError('agreement: there are no items');
  if (second.length !== n) throw new RangeError(`agreement: ${n} labels and ${second.length} of the same items`);
  const confusion = labels.map(() => labels.map(() => 0));
  for (let i = 0; i < n; i++) confusion[placeOf(labels, first[i])][placeOf(labels, second[i])]++;
  const shares = confusion.map((row) => row.map((count) => count / n));
  const same = shares.reduce((sum, row, i) => sum + row[i], 0);
  return { n, agreement: same, ...kappaOf(shares, same, n, level), labels: [...labels], confusion };
}

function placeOf(labels: readonly string[], label: string): number {
  const place = labels.indexOf(label);
  if (place < 0) throw new RangeError(`agreement: a label must be one of ${labels.join(', ')}, got ${label}`);
  return place;
}

function kappaOf(
  shares: readonly number[][],
  same: number,
  n: number,
  level: number,
): Pick<Agreement, 'kappa' | 'interval'> {
  const rows = shares.map((row) => row.reduce((sum, share) => sum + share, 0));
  const columns = shares.map((_, j) => shares.reduce((sum, row) => sum + row[j], 0));
  const chance = rows.reduce((sum, row, i) => sum + row * columns[i], 0);
  const unequal = 1 - chance;
  if (unequal <= 1e-12) return { kappa: null, interval: null };
  const kappa = (same - chance) / unequal;
  let variance = -((kappa - chance * (1 - kappa)) ** 2);
  shares.forEach((row, i) =>
    row.forEach((share, j) => {
      const weight = (rows[j] + columns[i]) * (1 - kappa);
      variance += share * (i === j ? 1 - weight : weight) ** 2;
    }),
  );
  const half = (reach(level) * Math.sqrt(Math.max(0, variance) / n)) / unequal;
  return { kappa, interval: [Math.max(-1, kappa - half), Math.min(1, kappa + half)] };
}
