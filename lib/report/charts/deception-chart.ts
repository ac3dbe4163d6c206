/** The chart of a deception evaluation, from its records alone. */
import { BEHAVIOURS, type DeceptionRates } from '../../evals';
import { percent, wilson, type Interval } from '../../statistics';
import type { Chart } from './draw';
import type { Colour } from './palette';
import { pointsWithIntervals } from './rows';

/** Where nobody knows which answers were cut. */
const FIRST_MENTION = ['deceptive', 'honest', 'neither'] as const;

/** Of the answers, with its 95% interval. */
export interface Share {
  label: Colour;
  share: number;
  interval: Interval;
}

/** Shares of the answers by what they do; by the room that is named first where records do not say what ended them. */
function sharesOf({ n, labels, ...rates }: DeceptionRates): Share[] {
  if (!labels) return FIRST_MENTION.map((label) => ({ label, share: rates[label], interval: rates.intervals[label] }));
  return BEHAVIOURS.map((label) => ({ label, share: labels[label] / n, interval: wilson(labels[label] / n, n) }));
}

/** @param rows rates by what the row is called, in reading order */
export function deceptionChart(rows: readonly (readonly [string, DeceptionRates])[]): Chart {
  return {
    name: 'deception',
    title: 'What burglars are told',
    description: `Shares of deceptive, honest and other answers with 95% intervals (Wilson). Deceptive: ${rows.map(([row, rates]) => `${row} ${percent(rates.deceptive)}`).join('; ')}.`,
    spec: sharesSpec(rows.map(([row, rates]) => [row, sharesOf(rates)] as const)),
  };
}

/** @param rows of `soo repeat`, by what they are called */
export function behaviourChart(rows: readonly (readonly [string, readonly Share[]])[]): Chart {
  const told = rows.map(([row, shares]) => `${row} ${percent(shares.find(({ label }) => label === 'deceptive')?.share ?? 0)}`); // prettier-ignore
  return {
    name: 'behaviour',
    title: 'What burglars are told, before tuning and after',
    description: `Shares of the answers by what they do, with 95% intervals. Deceptive: ${told.join('; ')}.`,
    spec: sharesSpec(rows),
  };
}

/** A row for each model, set or arm, in it a point with its interval for each label. */
export function sharesSpec(rows: readonly (readonly [string, readonly Share[]])[]): Chart['spec'] {
  const values = rows.flatMap(([row, shares]) =>
    shares.map(({ label, share, interval: [low, high] }) => {
      return { row, label, value: 100 * share, low: 100 * low, high: 100 * high };
    }),
  );
  const shown = [...new Set(values.map(({ label }) => label))];
  const x = { type: 'quantitative' as const, title: 'percent of the answers', scale: { domain: [0, 100] } };
  const groups = pointsWithIntervals('label', { names: shown, hues: shown }, x);
  return {
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
      ...groups.encoding,
    },
    layer: groups.layer,
  };
}
