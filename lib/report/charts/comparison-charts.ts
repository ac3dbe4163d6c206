/** The charts of `soo rl compare`. */
import { ARMS, BETWEEN } from '../../rl/evaluation/comparison';
import type { RlResults } from '../../studies/agents/results';
import { ARM_COLOURS, ARM_NAMES, byArm } from './arms';
import { contourPanels } from './contour-panels';
import type { Chart } from './draw';
import { colour } from './palette';

type Comparison = NonNullable<RlResults['comparison']>;

const MEASURES = [
  { name: 'trapRate', title: 'red trapped, % of episodes', scale: 100 },
  { name: 'deceptiveMoveRate', title: 'deceptive moves, % of steps in sight', scale: 100 },
  { name: 'goalSteps', title: 'observations at the goal', scale: 1 },
] as const;

export function behaviourChart({ arms }: Comparison): Chart {
  const panels = MEASURES.map(({ name, title, scale }) => {
    const values = ARMS.flatMap((arm) => {
      const { mean, ci95, bySeed } = arms[arm][name];
      const [low, high] = ci95 ?? [mean ?? 0, mean ?? 0];
      const row = { arm: ARM_NAMES[arm] };
      return [
        { ...row, value: times(mean, scale), low: low * scale, high: high * scale },
        ...bySeed.map((seed) => ({ ...row, seed: times(seed, scale) })),
      ];
    });
    return dots({ values, title, first: name === 'trapRate', row: 'arm', order: ARMS.map((arm) => ARM_NAMES[arm]) });
  });
  const trapped = ARMS.map((arm) => `${ARM_NAMES[arm]} ${(100 * (arms[arm].trapRate.mean ?? NaN)).toFixed(0)}%`);
  return {
    name: 'behaviour',
    title: 'What the agents do',
    description: `Means with 95% intervals; small dots are single seeds. Red trapped: ${trapped.join('; ')}.`,
    spec: { hconcat: panels },
  };
}

const times = (value: number | null, scale: number): number | null => (value === null ? null : value * scale);

/** Dots on their intervals, one row for each kind. */
function dots({
  values,
  title,
  first,
  row,
  order,
}: {
  values: readonly object[];
  title: string;
  first: boolean;
  row: string;
  order: readonly string[];
}) {
  const plain = { grid: false, ticks: false, domain: false, labels: first, labelLimit: 0, labelPadding: 8 };
  const x = { type: 'quantitative' as const, title };
  return {
    data: { values: [...values] },
    width: 240,
    height: { step: 26 },
    encoding: {
      y: { field: row, type: 'nominal' as const, sort: [...order], title: null, axis: plain },
      color: { ...byArm, legend: null },
    },
    layer: [
      {
        mark: { type: 'rule' as const, strokeWidth: 2.5, opacity: 0.45 },
        encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 70, opacity: 1 },
        encoding: { x: { field: 'value', ...x } },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 9, opacity: 0.75 },
        encoding: { x: { field: 'seed', ...x } },
      },
    ],
  };
}

export function countsChart({ counts }: Comparison): Chart {
  const { deceptive, between, honest } = counts.tuned.surfaces;
  return {
    name: 'sweep-counts',
    title: 'Deceptive moves by both thresholds, counted as upstream counts',
    description:
      'Moves with red in sight that go towards the other landmark by more than the threshold across, while the landmarks lie further apart in direction than the threshold up. Each seed is cut to the fewest moves of the three agents, so that the top left corner is the same in all: only the shape can differ. Means over seeds.',
    spec: contourPanels(
      [
        { name: ARM_NAMES.deceptive, surface: deceptive.mean },
        { name: ARM_NAMES.tuned, surface: between.mean },
        { name: ARM_NAMES.honest, surface: honest.mean },
      ],
      'moves',
    ),
  };
}

export function ratesChart({ rates: { surfaces } }: Comparison): Chart {
  return {
    name: 'sweep-rates',
    title: 'Deceptive moves by both thresholds, as rates',
    description:
      'The same with every move counted once, in percent of the steps with red in sight, and with the control.',
    spec: contourPanels(
      ARMS.map((arm) => ({ name: ARM_NAMES[arm], surface: surfaces[arm].mean })),
      '% of steps in sight',
    ),
  };
}

const PAIRS = {
  tunedHonest: 'tuned and honest',
  tunedDeceptive: 'tuned and deceptive',
  honestDeceptive: 'honest and deceptive',
} as const;
type PairName = keyof typeof PAIRS;
const PAIR_NAMES = Object.keys(PAIRS) as PairName[];

export function differenceChart({ counts, rates }: Comparison): Chart {
  const panel = (
    title: string,
    of: (between: (typeof BETWEEN)[number]) => Comparison['rates']['differences']['tuned'],
    first: boolean,
  ) => {
    const values = PAIR_NAMES.flatMap((pair) =>
      BETWEEN.flatMap((between) => {
        const { mean, std, bySeed } = of(between)[pair];
        const place = { pair: PAIRS[pair], arm: ARM_NAMES[between] };
        const error = { low: (mean ?? 0) - (std ?? 0), high: (mean ?? 0) + (std ?? 0) };
        return [{ ...place, value: mean, ...error }, ...bySeed.map((seed) => ({ ...place, seed }))];
      }),
    );
    const x = { type: 'quantitative' as const, title };
    const plain = { grid: false, ticks: false, domain: false, labels: first, labelLimit: 0, labelPadding: 8 };
    return {
      data: { values },
      width: 340,
      height: { step: 22, for: 'position' as const },
      encoding: {
        y: { field: 'pair', type: 'nominal' as const, sort: Object.values(PAIRS), title: null, axis: plain },
        yOffset: { field: 'arm', type: 'nominal' as const, sort: BETWEEN.map((arm) => ARM_NAMES[arm]) },
        color: {
          field: 'arm',
          title: 'tuned is',
          scale: {
            domain: BETWEEN.map((arm) => ARM_NAMES[arm]),
            range: BETWEEN.map((arm) => colour(ARM_COLOURS[arm])),
          },
          legend: { orient: 'top' as const },
        },
      },
      layer: [
        { mark: { type: 'bar' as const, opacity: 0.6 }, encoding: { x: { field: 'value', ...x } } },
        {
          mark: { type: 'rule' as const, strokeWidth: 2 },
          encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
        },
        {
          mark: { type: 'point' as const, filled: true, size: 10, opacity: 0.9 },
          encoding: { x: { field: 'seed', ...x } },
        },
      ],
    };
  };
  const words = PAIR_NAMES.map(
    (pair) =>
      `${PAIRS[pair]} ${format(rates.differences.tuned[pair].mean)}, with the control in its place ${format(rates.differences.control[pair].mean)}`,
  );
  return {
    name: 'differences',
    title: 'How much the agents differ in their deceptive moves',
    description: `Mean squared differences of the surfaces above: means over seeds, one deviation each way, and single seeds. Rates: ${words.join('; ')}.`,
    spec: {
      hconcat: [
        panel('counts, as upstream', (between) => counts[between].differences, true),
        panel('rates, squared percent', (between) => rates.differences[between], false),
      ],
      resolve: { scale: { color: 'shared' } },
    },
  };
}

const format = (value: number | null): string => (value === null ? '-' : value.toPrecision(3));
