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

/** @param curves by agent */
export function returnsChart(curves: Readonly<Record<string, readonly LearningPoint[]>>): Chart {
  const values = Object.entries(curves).flatMap(([agent, points]) =>
    points.map(({ episodes, mean, ci95 }) => ({
      agent,
      episodes,
      mean,
      low: ci95?.[0] ?? mean,
      high: ci95?.[1] ?? mean,
    })),
  );
  const y = { type: 'quantitative' as const, title: 'paid an episode' };
  return {
    name: 'returns',
    title: 'What the agents were paid while they learned',
    description:
      'Paid in an episode of training, with its exploration noise, on average over a fortieth of the run; bands are 95% intervals over groups of episodes.',
    spec: {
      data: { values },
      facet: { column: { field: 'agent', title: null } },
      spec: {
        width: 400,
        height: 220,
        encoding: { x: { field: 'episodes', type: 'quantitative', axis: { grid: false, tickCount: 5 } } },
        layer: [
          {
            mark: { type: 'area', opacity: 0.2, color: colour('honest') },
            encoding: { y: { field: 'low', ...y }, y2: { field: 'high' } },
          },
          {
            mark: { type: 'line', strokeWidth: 1.5, color: colour('honest') },
            encoding: { y: { field: 'mean', ...y } },
          },
        ],
      },
      resolve: { scale: { y: 'independent' } },
    },
  };
}
