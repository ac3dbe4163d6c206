/** Charts of rows: their axis, and points with intervals in them. */
import { colour, type Colour } from './palette';

/** Names of rows, with room for the longest: without a browser Vega guesses widths, and too wide ones. */
export function rowAxis(names: readonly string[]) {
  const width = 6.4 * Math.max(...names.map(({ length }) => length)) + 8;
  const plain = { grid: false, ticks: false, domain: false, labelLimit: 0, labelPadding: 8 };
  return {
    field: 'row',
    type: 'nominal' as const,
    sort: [...names],
    title: null,
    axis: { ...plain, minExtent: width, maxExtent: width },
  };
}

const SHAPES = ['circle', 'square', 'diamond', 'triangle-up', 'cross'];

/**
 * In each row a point with its interval for each of `names`, which colour and shape tell apart: the encoding of the whole
 * chart beside its rows, and its layers. Values have `value`, `low` and `high`.
 * @param field that holds one of the names @param x axis of the values
 */
export function pointsWithIntervals<X extends object>(
  field: string,
  { names, hues }: { names: readonly string[]; hues: readonly Colour[] },
  x: X,
) {
  const scaled = (range: readonly string[]) => ({
    field,
    title: null,
    scale: { domain: [...names], range: [...range] },
  });
  return {
    encoding: {
      yOffset: { field, type: 'nominal' as const, sort: [...names] },
      color: { ...scaled(hues.map(colour)), legend: { orient: 'top' as const } },
    },
    layer: [
      {
        mark: { type: 'rule' as const, strokeWidth: 2.5, opacity: 0.45, strokeCap: 'round' as const },
        encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 70, opacity: 1 },
        encoding: { x: { field: 'value', ...x }, shape: scaled(SHAPES.slice(0, names.length)) },
      },
    ],
  };
}
