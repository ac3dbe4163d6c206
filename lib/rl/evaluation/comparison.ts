/**
 * Deceptive, tuned and honest agents beside each other, and the control that was tuned without overlap: how many moves
 * count as deceptive, by two thresholds (upstream's threshold lists), and how much agents differ in it
 * (plot_quantiative_analysis.py).
 */
import type { DeceptiveMove } from './behaviour';
import type { SeedEpisodes } from './evaluation';
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

export const ARMS = ['deceptive', 'tuned', 'control', 'honest'] as const;
export type Arm = (typeof ARMS)[number];

/** What is between the deceptive and the honest agent: upstream's figures have the tuned one there. */
export const BETWEEN = ['tuned', 'control'] as const;
export type Between = (typeof BETWEEN)[number];

/** Of two agents, over seeds: the mean squared difference of their surfaces. */
export interface Difference {
  mean: number;
  /** The population's. */
  std: number;
  bySeed: number[];
}
/** The three bars of upstream's figure; `tuned` stands for the control in the control's figure. */
export interface Differences {
  tunedHonest: Difference;
  tunedDeceptive: Difference;
  honestDeceptive: Difference;
}

export interface MeanSurface {
  mean: Surface;
  std: Surface;
}
type Three = 'deceptive' | 'between' | 'honest';

export interface Comparison {
  /** Counts of moves as upstream counts them, each seed's cut to the shortest of the three agents. */
  counts: Record<Between, { surfaces: Record<Three, MeanSurface>; differences: Differences }>;
  /** Every move counted once, in percent of the steps with red in sight. */
  rates: { surfaces: Record<Arm, MeanSurface>; differences: Record<Between, Differences> };
}

/** @param episodes by agent, then by seed */
export function compare(episodes: Readonly<Record<Arm, readonly SeedEpisodes[]>>): Comparison {
  const rateSurfaces = byName(ARMS, (arm) =>
    episodes[arm].map(({ clean }) => rates(sweep(clean.moves), sum(clean.counts.stepsInSight))),
  );
  return {
    counts: byName(BETWEEN, (between) => {
      const { deceptive, honest } = episodes;
      const surfaces = countSurfaces([deceptive, episodes[between], honest]);
      const mean = byName(['deceptive', 'between', 'honest'] as const, (name) => overSeeds(surfaces[name]));
      return { surfaces: mean, differences: differencesOf(surfaces) };
    }),
    rates: {
      surfaces: byName(ARMS, (arm) => overSeeds(rateSurfaces[arm])),
      differences: byName(BETWEEN, (between) =>
        differencesOf({
          deceptive: rateSurfaces.deceptive,
          between: rateSurfaces[between],
          honest: rateSurfaces.honest,
        }),
      ),
    },
  };
}

function countSurfaces(three: readonly (readonly SeedEpisodes[])[]): Record<Three, Surface[]> {
  const cut = three[0].map((_, seed) =>
    truncated<DeceptiveMove>(three.map((seeds) => seeds[seed].upstream.moves)).map((moves) => sweep(moves)),
  );
  const [deceptive, between, honest] = three.map((_, agent) => cut.map((surfaces) => surfaces[agent]));
  return { deceptive, between, honest };
}

function differencesOf({ deceptive, between, honest }: Record<Three, readonly Surface[]>): Differences {
  const of = (a: readonly Surface[], b: readonly Surface[]): Difference => {
    const bySeed = a.map((surface, seed) => difference(surface, b[seed]));
    return { ...moments(bySeed), bySeed };
  };
  return {
    tunedHonest: of(between, honest),
    tunedDeceptive: of(between, deceptive),
    honestDeceptive: of(honest, deceptive),
  };
}

function byName<Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
