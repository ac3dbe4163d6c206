/** The charts of the reinforcement learning commands, from their results alone. */
import type { RlResults } from '../../studies/agents/results';
import { ARM_NAMES, byArm } from './arms';
import { behaviourChart, countsChart, differenceChart, ratesChart } from './comparison-charts';
import type { Chart } from './draw';
import { colour, type Colour } from './palette';
import { payCurves } from './run-charts';

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

const learningChart = (learning: NonNullable<RlResults['learning']>): Chart => ({
  name: 'learning',
  title: 'What the agents were paid while they learned',
  description:
    'Paid in an episode of training, with its exploration noise, and 95% intervals. The reward of the deceptive agents and of those tuned from them is not that of the honest ones: only curves of one reward can be compared.',
  spec: payCurves(
    learning.map(({ arm, agent, points }) => ({ arm: ARM_NAMES[arm], agent, points })),
    { ...byArm, legend: { orient: 'top' } },
  ),
});

/** In the order in which the report shows them; of what was not measured there is nothing to draw. */
export function rlCharts({ classification, comparison, learning }: RlResults): Chart[] {
  return [
    ...(comparison ? [behaviourChart(comparison)] : []),
    ...(classification ? [classificationChart(classification)] : []),
    ...(comparison ? [ratesChart(comparison), countsChart(comparison), differenceChart(comparison)] : []),
    ...(learning ? [learningChart(learning)] : []),
  ];
}
