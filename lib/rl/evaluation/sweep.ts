/** How many moves count as deceptive, by two thresholds (upstream's threshold lists), and how much agents differ in it (plot_quantiative_analysis.py). */
import type { DeceptiveMove } from '../scenarios/behaviour-record';
import { moments } from './measure';

const STEPS = 100;

/** NumPy's linspace. */
const linspace = (from: number, to: number): number[] =>
  Array.from({ length: STEPS }, (_, i) => (i === STEPS - 1 ? to : from + i * ((to - from) / (STEPS - 1))));

/** Thresholds for the cosine of a move and the way to the landmark that is not the goal. */
export const TOWARD_THRESHOLDS: readonly number[] = linspace(0, 1);
/** Thresholds for the cosine of the directions of the two landmarks. */
export const BETWEEN_THRESHOLDS: readonly number[] = linspace(-1, 1);

/**
 * `[100, 100]`: at `[i, j]`, moves that are above threshold i towards the landmark and below threshold j between the
 * landmarks, both strictly.
 */
export type Surface = Float64Array;

export function sweep(moves: readonly Pick<DeceptiveMove, 'towardNonGoal' | 'betweenLandmarks'>[]): Surface {
  const surface = new Float64Array(STEPS * STEPS);
  for (const { towardNonGoal, betweenLandmarks } of moves) {
    const above = TOWARD_THRESHOLDS.findLastIndex((threshold) => towardNonGoal > threshold);
    const below = BETWEEN_THRESHOLDS.findIndex((threshold) => betweenLandmarks < threshold);
    if (above >= 0 && below >= 0) surface[above * STEPS + below]++;
  }
  // From here on each cell takes in those that pass its thresholds as well.
  for (let i = STEPS - 2; i >= 0; i--)
    for (let j = 0; j < STEPS; j++) surface[i * STEPS + j] += surface[(i + 1) * STEPS + j];
  for (let i = 0; i < STEPS; i++) for (let j = 1; j < STEPS; j++) surface[i * STEPS + j] += surface[i * STEPS + j - 1];
  return surface;
}

/** The moves of several agents, each cut to as many as the one with the fewest has, as upstream cuts them. */
export function truncated<Move>(agents: readonly (readonly Move[])[]): (readonly Move[])[] {
  const fewest = Math.min(...agents.map(({ length }) => length));
  return agents.map((moves) => moves.slice(0, fewest));
}

/** A surface of counts in percent of the steps with red in sight. */
export function rates(surface: Surface, stepsInSight: number): Surface {
  return surface.map((count) => (100 * count) / stepsInSight);
}

/** Mean squared difference of two surfaces over all cells. */
export function difference(a: Surface, b: Surface): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;
}

/** Cell by cell over seeds: the mean, and the population's deviation. */
export function overSeeds(surfaces: readonly Surface[]): { mean: Surface; std: Surface } {
  const cells = Array.from(surfaces[0], (_, cell) => moments(surfaces.map((surface) => surface[cell])));
  return {
    mean: Float64Array.from(cells, ({ mean }) => mean),
    std: Float64Array.from(cells, ({ std }) => std),
  };
}
