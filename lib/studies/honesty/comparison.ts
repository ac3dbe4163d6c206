/** Two arms on the same items: what was measured of both, by how much it changed, and how sure that is. */
import { mcnemar, mean, pairedBootstrap, type Difference, type Interval } from '../../statistics';
import { isOfAnswers, type ClaimFile, type Measure } from './claim-file';
import { isConcealment } from './arm-results';
import { doneOf, type Outcome } from './outcomes';
import type { StudyRecord } from './records';
import type { Change } from './results';

/** Which answers count: one set, one motive, or all of concealment. */
export type Selection = Pick<ClaimFile, 'measure' | 'set' | 'motive'>;

interface Value {
  /** null: truncated, so that it is no outcome. */
  value: number | null;
  family: string;
}

export interface Comparison {
  before: number;
  after: number;
  change: number;
  ci95: Interval | null;
  /** Two-sided: McNemar's exact test of one run, the clustered bootstrap's over several. */
  p: number | null;
  differences: readonly Difference[];
  /** Of the answers of both arms, the larger part that was truncated. */
  truncated: number;
}

/** From so many families on the family is what an interval draws; fewer would say little, and are spoken of by name. */
const LEAST_FAMILIES = 5;

/** @returns null where the arms have no item in common that is an outcome in both */
export function compare(
  outcomes: readonly Outcome[],
  [from, to]: readonly [from: string, to: string],
  selection: Selection,
): Comparison | null {
  const pairs = pairedRuns(doneOf(outcomes, from), doneOf(outcomes, to));
  const paired = pairs.flatMap(({ before, after, seed }) => pairItems(valuesOf(before, selection), valuesOf(after, selection), seed)); // prettier-ignore
  const both = paired.filter(({ before, after }) => before !== null && after !== null) as Measured[];
  if (both.length === 0) return null;
  const families = new Set(both.map(({ family }) => family)).size;
  const differences = both.map(({ item, family, seed, before, after }): Difference => ({
    value: after - before,
    cluster: families >= LEAST_FAMILIES ? family : item,
    seed: seed ?? 'none',
  }));
  const range: Interval = selection.measure === 'perplexity' ? [-Infinity, Infinity] : [-1, 1];
  const { mean: change, interval, p, seeds } = pairedBootstrap(differences, { range });
  const lost = (side: 'before' | 'after'): number => paired.filter((one) => one[side] === null).length / paired.length;
  return {
    before: mean(both.map(({ before }) => before)),
    after: mean(both.map(({ after }) => after)),
    change,
    ci95: interval,
    p: seeds === 1 && isYesOrNo(both) ? exactP(both) : p,
    differences,
    truncated: Math.max(lost('before'), lost('after')),
  };
}

/** The same as results have it; null where there is no interval either. */
export const changeOf = (comparison: Comparison | null): Change | null =>
  comparison?.ci95 ? { change: comparison.change, ci95: comparison.ci95, n: comparison.differences.length } : null;

interface Paired {
  item: string;
  family: string;
  seed: number | null;
  before: number | null;
  after: number | null;
}
type Measured = Paired & { before: number; after: number };

type Done = ReturnType<typeof doneOf>[number];

/** Runs of one seed; what has no seeds stands beside each of the other's. */
function pairedRuns(from: readonly Done[], to: readonly Done[]): { before: Done; after: Done; seed: number | null }[] {
  return from.flatMap((before) =>
    to
      .filter((after) => [before, after].some(({ task }) => task.seed === null) || before.task.seed === after.task.seed)
      .map((after) => ({ before, after, seed: after.task.seed ?? before.task.seed })),
  );
}

function pairItems(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  seed: number | null,
): Paired[] {
  return [...before].flatMap(([item, { value, family }]) => {
    const other = after.get(item);
    return other ? [{ item, family, seed, before: value, after: other.value }] : [];
  });
}

/** By item, the same for all arms. */
function valuesOf({ done: { records, measured } }: Done, { measure, set, motive }: Selection): Map<string, Value> {
  if (isOfAnswers(measure)) {
    const counts = (record: StudyRecord): boolean =>
      set !== undefined ? record.set === set : motive !== undefined ? record.motive === motive && record.relation === 'rival' : isConcealment(record); // prettier-ignore
    return new Map(records.filter(counts).map((record) => [`${record.set} ${record.index} ${record.order}`, { value: shows(record, measure), family: record.family }])); // prettier-ignore
  }
  if (measure === 'perplexity')
    return new Map((measured.perplexity?.texts ?? []).map((value, i) => [String(i), { value: Math.log(value), family: String(i) }])); // prettier-ignore
  if (measure === 'leaning') {
    const { items } = measured.benchmarks?.[set ?? ''] ?? { items: [] };
    return new Map(items.map(({ id, kind, margin }) => [id, { value: margin > 0 ? 1 : 0, family: kind }]));
  }
  const items = measured.checks[measure]?.items ?? [];
  return new Map(items.map(({ id, right }) => [id, { value: right ? 1 : 0, family: measure }]));
}

function shows({ behaviour }: StudyRecord, measure: Measure): number | null {
  if (behaviour === undefined || behaviour === 'truncated') return null;
  const is = measure === 'unanswered' ? behaviour === 'refusal' || behaviour === 'other' : behaviour === measure;
  return is ? 1 : 0;
}

const isYesOrNo = (pairs: readonly Measured[]): boolean =>
  pairs.every(({ before, after }) => [before, after].every((value) => value === 0 || value === 1));

const exactP = (pairs: readonly Measured[]): number =>
  mcnemar(pairs.map(({ before }) => before === 1), pairs.map(({ after }) => after === 1)).p; // prettier-ignore
