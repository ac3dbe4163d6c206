/** Filled contours of surfaces over the two thresholds of the sweep, side by side on one scale. */
import type { TopLevelSpec } from 'vega-lite';
import { colour } from './palette';

const STEPS = 100;
const LEVELS = 10;

interface Panel {
  name: string;
  /** `[100, 100]`, row by row of the first threshold; null, where nothing was measured, is drawn as 0. */
  surface: readonly (number | null)[];
}

/** A piece of a column in which the surface keeps to one band. */
interface Piece {
  panel: string;
  x: number;
  x2: number;
  y: number;
  y2: number;
  /** The lower edge of the band. */
  level: number;
}

export function contourPanels(panels: readonly Panel[], title: string): TopLevelSpec {
  const highest = Math.max(...panels.flatMap(({ surface }) => surface.map((cell) => cell ?? 0)));
  const band = bandWidth(highest);
  const levels = Array.from({ length: LEVELS }, (_, i) => Number((i * band).toPrecision(6)));
  const values = panels.flatMap((panel) => pieces(panel, band));
  const names = panels.map(({ name }) => name);
  // Cells are whole pixels, so that no lines show between them.
  const size = panels.length > 3 ? { width: 200, height: 200 } : { width: 300, height: 200 };
  const axis = { grid: false, tickCount: 5 };
  return {
    data: { values },
    facet: { column: { field: 'panel', title: null, sort: names } },
    spec: {
      ...size,
      mark: { type: 'rect', strokeWidth: 0, color: colour('deceptive') },
      encoding: {
        x: {
          field: 'x',
          type: 'quantitative',
          title: 'towards the other landmark, above',
          scale: { domain: [edge(0, 0, 1), edge(STEPS, 0, 1)], nice: false },
          axis: { ...axis, values: [0, 0.5, 1], labelFlush: true },
        },
        x2: { field: 'x2' },
        y: {
          field: 'y',
          type: 'quantitative',
          title: 'between the landmarks, below',
          scale: { domain: [edge(0, -1, 1), edge(STEPS, -1, 1)], nice: false },
          axis: { ...axis, values: [-1, -0.5, 0, 0.5, 1], format: '.1f' },
        },
        y2: { field: 'y2' },
        opacity: {
          field: 'level',
          type: 'quantitative',
          title: `${title}, from`,
          scale: { domain: [0, levels[LEVELS - 1]], range: [0.04, 0.96] },
          legend: {
            values: levels.filter((level) => level <= highest),
            symbolType: 'square',
            symbolFillColor: colour('deceptive'),
            symbolStrokeWidth: 0,
          },
        },
      },
    },
  };
}

/** A round number that makes at most as many bands as there are shades. */
function bandWidth(highest: number): number {
  const least = Math.max(highest, Number.MIN_VALUE * 1e10) / LEVELS;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 2.5, 5, 10].find((step) => step * power > least) ?? 10);
}

function pieces({ name, surface }: Panel, band: number): Piece[] {
  const found: Piece[] = [];
  for (let i = 0; i < STEPS; i++) {
    let from = 0;
    const bandAt = (j: number): number => Math.floor((surface[i * STEPS + j] ?? 0) / band);
    for (let j = 1; j <= STEPS; j++) {
      if (j < STEPS && bandAt(j) === bandAt(from)) continue;
      const level = Number((bandAt(from) * band).toPrecision(6));
      const [x, x2, y, y2] = [edge(i, 0, 1), edge(i + 1, 0, 1), edge(from, -1, 1), edge(j, -1, 1)];
      found.push({ panel: name, x, x2, y, y2, level });
      from = j;
    }
  }
  return found;
}

/** Where the cell around a threshold begins. */
const edge = (index: number, low: number, high: number): number => low + ((index - 0.5) * (high - low)) / (STEPS - 1);
