/** The charts of one run, from its log alone: of fine-tuning its loss and gradients, of agents their returns. */
import type { LearningPoint } from '../../rl/evaluation/learning-curve';
import { gradNormOf, type StepRecord } from '../../training/step-record';
import type { Chart } from './draw';
import { colour } from './palette';

/** More points than pixels would draw nothing more. */
const POINTS = 600;

/** @param steps one record of every batch, in order */
export function finetuneCharts(steps: readonly StepRecord[]): Chart[] {
  const shown = steps.filter((_, i) => i % Math.ceil(steps.length / POINTS) === 0);
  const [first, last] = [steps[0], steps[steps.length - 1]];
  const losses = shown.flatMap(({ microBatch, loss, parts }) => [
    { batch: microBatch, part: 'loss', value: loss },
    ...Object.entries(parts).map(([part, value]) => ({ batch: microBatch, part, value })),
  ]);
  const norms = shown.map((step) => ({ batch: step.microBatch, part: 'gradient norm', value: gradNormOf(step) }));
  return [
    {
      name: 'loss',
      title: 'The loss while tuning',
      description: `The loss of every batch, and its parts unweighted; from ${first.loss.toPrecision(3)} to ${last.loss.toPrecision(3)} in ${steps.length} batches.`,
      spec: lines(losses, 'loss'),
    },
    {
      name: 'gradients',
      title: 'Gradients',
      description: 'Joint norm of the gradients gathered for a step, after every batch, before clipping.',
      spec: lines(norms, 'norm'),
    },
  ];
}

const lines = (values: readonly { batch: number; part: string; value: number }[], title: string): Chart['spec'] => ({
  data: { values: [...values] },
  width: 620,
  height: 220,
  mark: { type: 'line', strokeWidth: 1.4 },
  encoding: {
    x: { field: 'batch', type: 'quantitative', axis: { grid: false } },
    y: { field: 'value', type: 'quantitative', title, scale: { zero: false } },
    color: {
      field: 'part',
      title: null,
      scale: { range: (['self', 'name', 'wording', 'random', 'retention'] as const).map(colour) },
      legend: { orient: 'top' },
    },
  },
});

/** Agents' pay by episodes, a panel for each agent: of one run, or of several that `color` tells apart. */
export const payCurves = <Row extends { agent: string; points: readonly LearningPoint[] }>(
  rows: readonly Row[],
  color: object,
): Chart['spec'] => {
  const values = rows.flatMap(({ points, ...row }) =>
    points.map(({ episodes, mean, ci95 }) => ({
      ...{ ...row, episodes, paid: mean },
      low: ci95?.[0] ?? mean,
      high: ci95?.[1] ?? mean,
    })),
  );
  const y = { type: 'quantitative' as const, title: 'paid an episode' };
  return {
    data: { values },
    facet: { column: { field: 'agent', title: null } },
    spec: {
      width: 400,
      height: 220,
      encoding: { x: { field: 'episodes', type: 'quantitative', axis: { grid: false, tickCount: 5 } }, color },
      layer: [
        { mark: { type: 'area', opacity: 0.2 }, encoding: { y: { field: 'low', ...y }, y2: { field: 'high' } } },
        { mark: { type: 'line', strokeWidth: 1.5 }, encoding: { y: { field: 'paid', type: 'quantitative' } } },
      ],
    },
    resolve: { scale: { y: 'independent' } },
  };
};

/** @param curves by agent */
export const returnsChart = (curves: Readonly<Record<string, readonly LearningPoint[]>>): Chart => ({
  name: 'returns',
  title: 'What the agents were paid while they learned',
  description:
    'Paid in an episode of training, with its exploration noise, on average over a fortieth of the run; bands are 95% intervals over groups of episodes.',
  spec: payCurves(
    Object.entries(curves).map(([agent, points]) => ({ agent, points })),
    { value: colour('honest') },
  ),
});
