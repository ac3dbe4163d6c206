/** Deceptive, tuned and honest agents beside each other, and the control that was tuned without overlap. */
import type { DeceptiveMove } from '../scenarios/behaviour-record';
import type { SeedEpisodes } from './evaluation';
import { moments } from './measure';
import { difference, overSeeds, rates, sweep, truncated, type Surface } from './sweep';

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
