/** The tables of the reinforcement learning commands, from their results alone. */
import { percentPoints } from '../statistics';
import { ARMS, BETWEEN } from '../rl/evaluation/comparison';
import { ARM_NAMES } from './charts/arms';
import type { TextTable } from './demo-tables';
import type { RlResults, StoredMeasure } from '../studies/agents/results';

type Comparison = NonNullable<RlResults['comparison']>;
type Print = (value: number) => string;

const places =
  (digits: number): Print =>
  (value) =>
    value.toFixed(digits);

const MEASURES: readonly [keyof Comparison['arms']['tuned'] & string, string, Print][] = [
  ['trapRate', 'red trapped, % of episodes', percentPoints],
  ['deceptiveMoveRate', 'deceptive moves, % of steps in sight', percentPoints],
  ['goalSteps', 'observations at the goal', places(1)],
  ['overlap', 'overlap', places(2)],
  ['overlapMatchedFlags', 'overlap, matched flags', places(2)],
  ['actionOverlap', 'overlap of actions', places(2)],
  ['actionOverlapMatchedFlags', 'overlap of actions, matched flags', places(2)],
];

/** `12.3 [11.0, 13.6] ±0.4`: mean, 95% interval, deviation over seeds. */
function cell({ mean, ci95, std, bySeed }: StoredMeasure, print: Print): string {
  if (mean === null) return '-';
  return [print(mean), ci95 && `[${ci95.map(print).join(', ')}]`, std !== null && bySeed.length > 1 && `±${print(std)}`]
    .filter(Boolean)
    .join(' ');
}

export function armsTable({ arms }: Comparison): TextTable {
  return {
    title: 'Mean, 95% interval, and deviation over seeds',
    head: ['', ...ARMS.map((arm) => ARM_NAMES[arm])],
    rows: MEASURES.map(([name, label, print]) => [
      label,
      ...ARMS.map((arm) => cell(arms[arm][name] as StoredMeasure, print)),
    ]),
  };
}

const PAIRS = [
  ['tunedHonest', 'tuned and honest'],
  ['tunedDeceptive', 'tuned and deceptive'],
  ['honestDeceptive', 'honest and deceptive'],
] as const;

export function differencesTable({ counts, rates }: Comparison): TextTable {
  const text = ({ mean, std }: { mean: number | null; std: number | null }): string =>
    mean === null || std === null ? '-' : `${mean.toPrecision(3)} ±${std.toPrecision(2)}`;
  return {
    title: 'Mean squared difference of the surfaces of deceptive moves, and its deviation over seeds',
    head: ['', ...BETWEEN.flatMap((between) => [`rates, ${ARM_NAMES[between]}`, `counts, ${ARM_NAMES[between]}`])],
    rows: PAIRS.map(([pair, label]) => [
      label,
      ...BETWEEN.flatMap((between) => [
        text(rates.differences[between][pair]),
        text(counts[between].differences[pair]),
      ]),
    ]),
  };
}

/** One row for each blue, one column for each red. */
export function crossPlayTable(
  { crossPlay }: Comparison,
  title: string,
  of: (meeting: Comparison['crossPlay'][number]) => number | null,
  print: Print,
): TextTable {
  const reds = [...new Set(crossPlay.map(({ red }) => red))];
  const blues = [...new Set(crossPlay.map(({ blue }) => blue))];
  const at = (blue: string, red: string): string => {
    const meeting = crossPlay.find((one) => one.blue === blue && one.red === red);
    const value = meeting ? of(meeting) : null;
    return value === null ? '-' : print(value);
  };
  return {
    title,
    head: ['blue \\ red', ...reds],
    rows: blues.map((blue) => [blue, ...reds.map((red) => at(blue, red))]),
  };
}

/** None where nobody met another's red. */
export const crossPlayTables = (comparison: Comparison): TextTable[] =>
  comparison.crossPlay.length === 0
    ? []
    : [
        crossPlayTable(comparison, 'Red trapped, % of episodes', ({ trapRate }) => trapRate.mean, percentPoints),
        crossPlayTable(comparison, 'Paid to blue in an episode', ({ returns }) => returns.good.mean, places(1)),
        crossPlayTable(comparison, 'Paid to red in an episode', ({ returns }) => returns.adversary.mean, places(1)),
      ];

export function accuracyTable({ accuracy }: NonNullable<RlResults['classification']>): TextTable {
  const counts = Object.keys(accuracy.overlap);
  return {
    title: 'Honest told from deceptive, % of seeds, by episodes',
    head: ['episodes', "upstream's definition", 'matched trap flags'],
    rows: counts.map((count) => [
      count,
      ...(['overlap', 'overlapMatchedFlags'] as const).map((form) => percentPoints(accuracy[form][count])),
    ]),
  };
}
