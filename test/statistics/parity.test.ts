import t from 'tap';
import {
  agreement,
  clusteredMean,
  detectable,
  holm,
  mcnemar,
  noninferiority,
  normalQuantile,
  normalTail,
  overSeeds,
  powerOver,
  ruleOfThree,
  studentQuantile,
  studentTail,
  wilson,
} from '../../lib/statistics';
import { expected } from '../parity/expected';

type Row = number[];
interface Written {
  distributions: Record<'studentQuantile' | 'studentTail' | 'normalQuantile' | 'normalTail', Row[]>;
  intervals: { wilson: Row[]; overSeeds: [number[], ...Row][]; ruleOfThree: Row[] };
  mcnemar: Row[];
  clustered: {
    values: number[];
    clusters: number[];
    mean: number;
    error: number;
    interval: number[];
    margin: number;
    p: number;
  }[];
  holm: [number[], number[]][];
  kappa: { first: number[]; second: number[]; table: number[][]; kappa: number; interval: number[] }[];
  power: { over: Row[]; detectable: Row[] };
}

/** What scipy, statsmodels and scikit-learn say: test/parity/make_statistics.py. */
const reference = expected<Written>('statistics');

/** Relative, or absolute below 1. */
const apart = (got: number, wanted: number): number => Math.abs(got - wanted) / Math.max(1, Math.abs(wanted));

const furthest = (pairs: readonly (readonly [got: number, wanted: number])[]): number =>
  pairs.reduce((most, [got, wanted]) => Math.max(most, apart(got, wanted)), 0);

t.test('distributions are those of scipy', async (t) => {
  const { distributions } = reference;
  const calls = { studentQuantile, studentTail, normalQuantile, normalTail } as Record<
    string,
    (...given: Row) => number
  >;
  for (const [name, rows] of Object.entries(distributions)) {
    const pairs = rows.map((row) => [calls[name](...row.slice(0, -1)), row[row.length - 1]] as const);
    t.ok(furthest(pairs) < 1e-9, `${name}: ${furthest(pairs)}`);
  }
  for (const [z, chance] of distributions.normalTail) {
    t.ok(Math.abs(normalTail(z) / chance - 1) < 1e-9, `beyond ${z}, relative to ${chance}`);
  }
  t.throws(() => studentQuantile(0.9, 0), /degrees of freedom must be above 0, got 0/);
  t.throws(() => normalQuantile(1), /p must be in \(0, 1\), got 1/);
});

t.test('intervals are those of statsmodels and scipy, at every level', async (t) => {
  const { intervals } = reference;
  const ends = [
    ...intervals.wilson.map(([k, n, level, ...wanted]) => [wilson(k / n, n, level), wanted] as const),
    ...intervals.overSeeds.map(([values, level, ...wanted]) => [overSeeds(values, level) ?? [], wanted] as const),
  ];
  const pairs = ends.flatMap(([got, wanted]) => [0, 1].map((end) => [got[end], wanted[end]] as const));
  t.ok(furthest(pairs) < 1e-9, String(furthest(pairs)));
  const none = intervals.ruleOfThree.map(([n, level, wanted]) => [ruleOfThree(n, level), wanted] as const);
  t.ok(furthest(none) < 1e-9, String(furthest(none)));
});

t.test("McNemar's test is statsmodels', and the published example's", async (t) => {
  const outcomes = (onlyBefore: number, onlyAfter: number) => {
    const before = Array.from({ length: onlyBefore + onlyAfter }, (_, i) => i < onlyBefore);
    const after = before.map((was) => !was);
    return mcnemar([...before, true, false], [...after, true, false]);
  };
  for (const [b, c, exact, mid] of reference.mcnemar) {
    const got = outcomes(b, c);
    t.match(got, { n: b + c + 2, both: 1, neither: 1, onlyBefore: b, onlyAfter: c });
    t.ok(
      furthest([
        [got.p, exact],
        [got.midP, mid],
      ]) < 1e-9,
      `${b} and ${c}: ${got.p} and ${exact}, ${got.midP} and ${mid}`,
    );
  }
  // Fagerland, Lydersen and Laake 2013, table 1: airway hyper-responsiveness before and after a transplantation.
  const { p, midP } = outcomes(1, 7);
  t.same([p.toFixed(3), midP.toFixed(3)], ['0.070', '0.039']);
});

t.test("clustered errors are statsmodels', and noninferiority its t test", async (t) => {
  for (const row of reference.clustered) {
    const got = clusteredMean(row.values, row.clusters);
    const against = noninferiority(row.values, row.margin, { clusters: row.clusters });
    const pairs = [
      [got.mean, row.mean],
      [got.error, row.error],
      [got.interval?.[0] ?? NaN, row.interval[0]],
      [got.interval?.[1] ?? NaN, row.interval[1]],
      [against.p ?? NaN, row.p],
    ] as const;
    t.ok(furthest(pairs) < 1e-9, JSON.stringify(pairs));
  }
});

t.test("Holm's correction is statsmodels'", async (t) => {
  for (const [ps, wanted] of reference.holm) {
    t.ok(furthest(holm(ps).map((p, i) => [p, wanted[i]] as const)) < 1e-12, String(ps));
  }
});

t.test("kappa and its interval are statsmodels'", async (t) => {
  for (const { first, second, table, kappa, interval } of reference.kappa) {
    const got = agreement(first.map(String), second.map(String));
    t.same(got.confusion, table);
    const pairs = [[got.kappa, kappa] as const, ...interval.map((end, i) => [got.interval?.[i], end] as const)];
    t.ok(furthest(pairs.map(([own, other]) => [own ?? NaN, other] as const)) < 1e-9, JSON.stringify(pairs));
  }
});

t.test("power and the least effect are statsmodels'", async (t) => {
  const power = reference.power.over.map(
    ([n, effect, level, wanted]) => [powerOver(n, effect, level), wanted] as const,
  );
  t.ok(furthest(power) < 1e-7, String(furthest(power)));
  for (const [n, level, wanted, effect] of reference.power.detectable) {
    const got = detectable(n, 2, { level, power: wanted }) ?? NaN;
    t.ok(apart(got, 2 * effect) < 1e-6, `${n} units: ${got} and ${2 * effect}`);
  }
});
