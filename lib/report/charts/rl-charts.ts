/** The charts of the reinforcement learning commands, from their results alone. */
import { ARMS, BETWEEN, type Arm } from '../../rl/evaluation/comparison';
import type { RlResults } from '../rl-results';
import { contourPanels } from './contour-panels';
import type { Chart } from './draw';
import { colour, type Colour } from './palette';

type Comparison = NonNullable<RlResults['comparison']>;

export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  deceptive: 'deceptive',
  tuned: 'tuned for overlap',
  control: 'control without overlap',
  honest: 'honest',
};
const ARM_COLOURS: Readonly<Record<Arm, Colour>> = {
  deceptive: 'deceptive',
  tuned: 'retention',
  control: 'random',
  honest: 'honest',
};
const byArm = {
  field: 'arm',
  title: null,
  scale: { domain: ARMS.map((arm) => ARM_NAMES[arm]), range: ARMS.map((arm) => colour(ARM_COLOURS[arm])) },
};

const DEFINITIONS = { overlap: "upstream's definition", overlapMatchedFlags: 'matched trap flags' } as const;
const FORMS = Object.keys(DEFINITIONS) as (keyof typeof DEFINITIONS)[];

function classificationChart({ accuracy, ci95, seeds }: NonNullable<RlResults['classification']>): Chart {
  const values = FORMS.flatMap((form) =>
    Object.entries(accuracy[form]).map(([count, share]) => ({
      form: DEFINITIONS[form],
      episodes: Number(count),
      accuracy: 100 * share,
      low: 100 * ci95[form][count][0],
      high: 100 * ci95[form][count][1],
    })),
  );
  const names = FORMS.map((form) => DEFINITIONS[form]);
  const x = { field: 'episodes', type: 'quantitative' as const, axis: { grid: false } };
  const last = FORMS.map((form) => {
    const [count, share] = Object.entries(accuracy[form]).pop()!;
    return `${DEFINITIONS[form]}: ${(100 * share).toFixed(0)}% after ${count} episodes`;
  });
  return {
    name: 'classification',
    title: 'Telling the honest agent from the deceptive one by its overlap',
    description: `How often, of ${seeds.length} seeds, the honest agent's mean overlap value is the lower one, by the number of episodes; bands are 95% intervals. ${last.join('; ')}.`,
    spec: {
      data: { values },
      width: 620,
      height: 240,
      encoding: {
        x,
        color: {
          field: 'form',
          title: null,
          scale: {
            domain: names,
            range: ['honest', 'deceptive'].map((name) => colour(name as Colour)),
          },
          legend: { orient: 'top', symbolType: 'stroke', symbolStrokeWidth: 2.5 },
        },
      },
      layer: [
        {
          mark: { type: 'area', opacity: 0.12 },
          encoding: { y: { field: 'low', type: 'quantitative', title: 'percent right' }, y2: { field: 'high' } },
        },
        {
          mark: { type: 'line', point: true },
          encoding: {
            y: { field: 'accuracy', type: 'quantitative', scale: { domain: [0, 100] } },
            strokeDash: {
              field: 'form',
              title: null,
              scale: {
                domain: names,
                range: [
                  [1, 0],
                  [6, 5],
                ],
              },
            },
          },
        },
      ],
    },
  };
}

const MEASURES = [
  { name: 'trapRate', title: 'red trapped, % of episodes', scale: 100 },
  { name: 'deceptiveMoveRate', title: 'deceptive moves, % of steps in sight', scale: 100 },
  { name: 'goalSteps', title: 'observations at the goal', scale: 1 },
] as const;

function behaviourChart({ arms }: Comparison): Chart {
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

function countsChart({ counts }: Comparison): Chart {
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

function ratesChart({ rates: { surfaces } }: Comparison): Chart {
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

function differenceChart({ counts, rates }: Comparison): Chart {
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

function learningChart(learning: NonNullable<RlResults['learning']>): Chart {
  const values = learning.flatMap(({ arm, agent, points }) =>
    points.map(({ episodes, mean, ci95 }) => ({
      arm: ARM_NAMES[arm],
      agent,
      episodes,
      paid: mean,
      low: ci95?.[0] ?? mean,
      high: ci95?.[1] ?? mean,
    })),
  );
  return {
    name: 'learning',
    title: 'What the agents were paid while they learned',
    description:
      'Paid in an episode of training, with its exploration noise, and 95% intervals. The reward of the deceptive agents and of those tuned from them is not that of the honest ones: only curves of one reward can be compared.',
    spec: {
      data: { values },
      facet: { column: { field: 'agent', title: null } },
      spec: {
        width: 400,
        height: 220,
        encoding: {
          x: { field: 'episodes', type: 'quantitative', axis: { grid: false, tickCount: 5 } },
          color: { ...byArm, legend: { orient: 'top' } },
        },
        layer: [
          {
            mark: { type: 'area', opacity: 0.2 },
            encoding: { y: { field: 'low', type: 'quantitative', title: 'paid an episode' }, y2: { field: 'high' } },
          },
          {
            mark: { type: 'line', strokeWidth: 1.5 },
            encoding: { y: { field: 'paid', type: 'quantitative' } },
          },
        ],
      },
      resolve: { scale: { y: 'independent' } },
    },
  };
}

/** In the order in which the report shows them; of what was not measured there is nothing to draw. */
export function rlCharts({ classification, comparison, learning }: RlResults): Chart[] {
  return [
    ...(comparison ? [behaviourChart(comparison)] : []),
    ...(classification ? [classificationChart(classification)] : []),
    ...(comparison ? [ratesChart(comparison), countsChart(comparison), differenceChart(comparison)] : []),
    ...(learning ? [learningChart(learning)] : []),
  ];
}
