/** What tuned modules still tell apart while they are tuned, from the logs of the collapse monitor. */
import type { CollapsePoint } from '../study-material';
import type { Chart } from './draw';
import { colour } from './palette';

const KEPT = { gap: 'self and other', nameGap: 'two names', variation: 'prompts' } as const;
type Kept = keyof typeof KEPT;

/** A panel for each arm; lines are means over its seeds. */
export function collapseChart(points: readonly CollapsePoint[]): Chart | null {
  const means = new Map<string, { arm: string; step: number; kept: string; total: number; runs: number }>();
  for (const point of points) {
    for (const name of Object.keys(KEPT) as Kept[]) {
      const value = point[name];
      if (value === null) continue;
      const { arm, step } = point;
      const key = JSON.stringify([arm, step, name]);
      const mean = means.get(key) ?? { arm, step, kept: KEPT[name], total: 0, runs: 0 };
      means.set(key, { ...mean, total: mean.total + 100 * value, runs: mean.runs + 1 });
    }
  }
  const values = [...means.values()].map(({ arm, step, kept, total, runs }) => ({
    arm,
    step,
    kept,
    value: total / runs,
  }));
  if (values.length === 0) return null;
  const arms = [...new Set(values.map(({ arm }) => arm))];
  const kept = Object.values(KEPT);
  return {
    name: 'collapse',
    title: 'Collapse over steps',
    description: `What the hooked module keeps of what it told apart before the first step, in percent, mean over seeds, while ${arms.join(', ')} were tuned. Where all three fall to nothing, the module has become a constant.`,
    spec: {
      data: { values },
      facet: { field: 'arm', type: 'nominal', title: null, sort: arms },
      columns: 3,
      spec: {
        width: 200,
        height: 130,
        mark: { type: 'line', point: { filled: true, size: 20 } },
        encoding: {
          x: { field: 'step', type: 'quantitative', title: 'optimiser steps' },
          y: { field: 'value', type: 'quantitative', title: 'kept, percent', scale: { domainMin: 0 } },
          color: {
            field: 'kept',
            title: 'between',
            scale: { domain: [...kept], range: [colour('deceptive'), colour('honest'), colour('retention')] },
            legend: { orient: 'top' },
          },
          shape: {
            field: 'kept',
            title: 'between',
            scale: { domain: [...kept], range: ['circle', 'square', 'diamond'] },
          },
        },
      },
    },
  };
}
