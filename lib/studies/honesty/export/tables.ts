/** Results as tables of comma-separated values (RFC 4180): a line for each number, so that any tool can pivot them. */
import { BEHAVIOURS } from '../../../evals';
import { EFFECT_PARTS, type Answered, type ArmResult, type Rated, type StudyResults } from '../results';

type Cell = string | number | boolean | null | undefined;
type Row = Record<string, Cell>;

export const TABLES = ['behaviours', 'checks', 'effect', 'claims', 'training'] as const;
export type Table = (typeof TABLES)[number];

export function tablesOf(results: StudyResults): Record<Table, string> {
  const arms = Object.entries(results.arms);
  return {
    behaviours: csv(arms.flatMap(([arm, result]) => behavioursOf(arm, result))),
    checks: csv(arms.flatMap(([arm, result]) => checksOf(arm, result))),
    effect: csv(effectOf(results)),
    claims: csv(claimsOf(results)),
    training: csv(arms.flatMap(([arm, result]) => trainingOf(arm, result))),
  };
}

/** Shares in [0, 1], overall and by order, set and motive. `seed` is empty for the mean over seeds. */
function behavioursOf(arm: string, { kind, behaviours, orders, sets, motives, seeds }: ArmResult): Row[] {
  const scopes: [scope: string, name: string, answered: Answered | null | undefined][] = [
    ['all', '', behaviours],
    ...Object.entries(orders).map(
      ([order, answered]) => ['order', order, answered] as [string, string, typeof answered],
    ),
    ...Object.entries(sets).map(([set, answered]) => ['set', set, answered] as [string, string, Answered]),
    ...Object.entries(motives).map(([motive, answered]) => ['motive', motive, answered] as [string, string, Answered]),
  ];
  return scopes.flatMap(([scope, name, answered]) =>
    answered?.rates
      ? BEHAVIOURS.flatMap((behaviour) =>
          rowsOf(
            { arm, kind, scope, name, behaviour },
            (answered.rates as NonNullable<Answered['rates']>)[behaviour],
            seeds,
          ),
        )
      : [],
  );
}

function rowsOf(what: Row, { share, ci95, perSeed, n }: Rated, seeds: readonly number[]): Row[] {
  const whole = { ...what, seed: null, share, low: ci95[0], high: ci95[1], n };
  return [whole, ...seeds.map((seed, i) => ({ ...what, seed, share: perSeed[i], low: null, high: null, n: null }))];
}

function checksOf(arm: string, { kind, checks, benchmarks, seeds }: ArmResult): Row[] {
  const { perplexity, ...shares } = checks;
  const leanings = Object.entries(benchmarks).map(([set, rated]) => [`leaning ${set}`, rated] as const);
  const rows = [...Object.entries(shares), ...leanings].flatMap(([check, rated]) =>
    rated ? rowsOf({ arm, kind, check }, rated, seeds) : [],
  );
  if (!perplexity) return rows;
  const what = { arm, kind, check: 'perplexity', low: null, high: null, n: null };
  return [
    ...rows,
    { ...what, seed: null, share: perplexity.mean },
    ...seeds.map((seed, i) => ({ ...what, seed, share: perplexity.perSeed[i] })),
  ];
}

const effectOf = ({ effect }: StudyResults): Row[] =>
  [...EFFECT_PARTS, 'total' as const].flatMap((part) => {
    const measured = effect[part];
    if (!measured) return [];
    return (['deceptive', 'honest'] as const).map((behaviour) => {
      const { change, ci95, n } = measured[behaviour];
      return { part, from: measured.from, to: measured.to, behaviour, change, low: ci95[0], high: ci95[1], n };
    });
  });

const claimsOf = ({ claims }: StudyResults): Row[] =>
  claims.map(({ id, name, verdict, exploratory, wanted, numbers: { ci95, ...numbers }, text }) => ({
    ...{ id, name, verdict, exploratory, wanted },
    ...numbers,
    low: ci95?.[0],
    high: ci95?.[1],
    text,
  }));

const trainingOf = (arm: string, { training }: ArmResult): Row[] =>
  training.flatMap(({ seed, steps, epochLosses }) =>
    epochLosses.map((loss, epoch) => ({ arm, seed, steps, epoch: epoch + 1, loss })),
  );

/** A head of every column that any row has; nothing for no rows. */
export function csv(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [head, ...rows.map((row) => head.map((name) => row[name]))];
  return lines.map((cells) => `${cells.map(cellText).join(',')}\r\n`).join('');
}

const cellText = (cell: Cell): string => {
  const text = String(cell ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
