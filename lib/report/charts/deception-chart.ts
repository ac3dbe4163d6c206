/** The chart of a deception evaluation, from its records alone. */
import type { DeceptionRates } from '../../evals';
import { percent } from '../../statistics';
import type { Chart } from './draw';
import { colour } from './palette';

const LABELS = ['deceptive', 'honest', 'neither'] as const;

/** @param rows rates by what the row is called, in reading order */
export function deceptionChart(rows: readonly (readonly [string, DeceptionRates])[]): Chart {
  const values = rows.flatMap(([row, rates]) =>
    LABELS.map((label) => {
      const [low, high] = rates.intervals[label];
      return { row, label, value: 100 * rates[label], low: 100 * low, high: 100 * high };
    }),
  );
  const x = { type: 'quantitative' as const, title: 'percent of the answers', scale: { domain: [0, 100] } };
  const scale = { domain: [...LABELS], range: LABELS.map(colour) };
  return {
    name: 'deception',
    title: 'What burglars are told',
    description: `Shares of deceptive, honest and other answers with 95% intervals (Wilson). Deceptive: ${rows.map(([row, rates]) => `${row} ${percent(rates.deceptive)}`).join('; ')}.`,
    spec: {
      data: { values },
      width: 480,
      height: { step: 40, for: 'position' },
      encoding: {
        y: {
          field: 'row',
          type: 'nominal',
          sort: rows.map(([row]) => row),
          title: null,
          axis: { grid: false, ticks: false, domain: false, labelLimit: 0, labelPadding: 8 },
        },
        yOffset: { field: 'label', type: 'nominal', sort: [...LABELS] },
        color: { field: 'label', title: null, scale, legend: { orient: 'top' } },
      },
      layer: [
        {
          mark: { type: 'rule', strokeWidth: 2.5, opacity: 0.45, strokeCap: 'round' },
          encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
        },
        {
          mark: { type: 'point', filled: true, size: 70, opacity: 1 },
          encoding: {
            x: { field: 'value', ...x },
            shape: {
              field: 'label',
              title: null,
              scale: { domain: [...LABELS], range: ['circle', 'square', 'diamond'] },
            },
          },
        },
      ],
    },
  };
}
