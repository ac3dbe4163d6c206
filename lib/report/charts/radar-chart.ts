/** The paper's radar: scores from 0 to 10 by category, an axis for each, a closed line for each model. */
import type { Chart } from './draw';
import { colour, type Colour } from './palette';

const MOST = 10;
const RINGS = [2, 4, 6, 8, 10];
const HUES: readonly Colour[] = ['deceptive', 'honest', 'retention', 'random', 'wording', 'neither'];

/** @param scores by model, then by category; null where nothing was judged */
export function radarChart(scores: Readonly<Record<string, Readonly<Record<string, number | null>>>>): Chart | null {
  const models = Object.keys(scores);
  const categories = [...new Set(Object.values(scores).flatMap((one) => Object.keys(one)))];
  if (models.length === 0 || categories.length < 3) return null;
  const at = (axis: number, value: number) => {
    const angle = (2 * Math.PI * axis) / categories.length;
    return { x: value * Math.sin(angle), y: value * Math.cos(angle) };
  };
  const around = (of: (axis: number) => number | null) =>
    [...categories.keys(), 0].flatMap((axis, order) => {
      const value = of(axis);
      return value === null ? [] : [{ ...at(axis, value), order }];
    });
  const rings = RINGS.flatMap((ring) => around(() => ring).map((point) => ({ ...point, ring })));
  const spokes = categories.map((_, axis) => ({ x: 0, y: 0, x2: at(axis, MOST).x, y2: at(axis, MOST).y }));
  const names = categories.map((name, axis) => ({ ...at(axis, MOST + 1.2), name }));
  const lines = models.flatMap((model) =>
    around((axis) => scores[model][categories[axis]] ?? null).map((point) => ({ ...point, model })),
  );
  const hues = models.map((_, i) => colour(HUES[i % HUES.length]));
  const x = { field: 'x', type: 'quantitative' as const, axis: null, scale: { domain: [-14, 14] } };
  const y = { field: 'y', type: 'quantitative' as const, axis: null, scale: { domain: [-12.5, 12.5] } };
  const order = { field: 'order' };
  const told = models.map((model) => {
    const given = categories.map((name) => `${name} ${scores[model][name]?.toFixed(1) ?? '-'}`);
    return `${model}: ${given.join(', ')}`;
  });
  return {
    name: 'mt-bench',
    title: 'MT-Bench by category',
    description: `Mean scores of the judge, from 1 in the middle to 10 at the rim. ${told.join('. ')}.`,
    spec: {
      width: 560,
      height: 500,
      layer: [
        {
          data: { values: rings },
          mark: { type: 'line', color: colour('line'), strokeWidth: 1 },
          encoding: { x, y, order, detail: { field: 'ring' } },
        },
        {
          data: { values: spokes },
          mark: { type: 'rule', color: colour('line') },
          encoding: { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } },
        },
        {
          data: { values: names },
          mark: { type: 'text', color: colour('ink'), fontSize: 12 },
          encoding: { x, y, text: { field: 'name' } },
        },
        {
          data: { values: lines },
          mark: { type: 'line', strokeWidth: 2, point: { filled: true, size: 30 } },
          encoding: {
            x,
            y,
            order,
            color: { field: 'model', title: null, scale: { domain: models, range: hues }, legend: { orient: 'top' } },
          },
        },
      ],
    },
  };
}
