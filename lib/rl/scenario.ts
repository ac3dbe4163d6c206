/** What a world is to those who train, measure and replay agents in it: one for each file of `scenarios/`. */
import { z } from 'zod';
import type { AgentShape, Environment } from './environment';

/**
 * A rule in the place of a policy.
 * @param observations `[rows, observationSize]`
 * @param actions `[rows, actionSize]`, to be written within -1..1
 */
export type Rule = (observations: ArrayLike<number>, actions: Float32Array | Float64Array) => void;

/** Where an episode begins. */
export interface Start {
  /** `[agents, 2]` */
  agents: readonly (readonly number[])[];
  /** `[landmarks, 2]` */
  landmarks: readonly (readonly number[])[];
  /** Which landmark is the goal. */
  goal: number;
}

/** A number that an episode without noise has, beside what it pays. */
export interface EpisodeMeasure<World> {
  readonly name: string;
  readonly label: string;
  /** Looked at when the episode ends, or at every observation, the first included, and summed. */
  readonly at: 'end' | 'every observation';
  of(world: World, index: number): number;
  /** Of the mean over episodes. */
  print(mean: number, episodeLength: number): string;
}

/** Who plays against whom: agents' names, and the rules that they follow. */
export type Rules = Readonly<Record<string, Rule>>;

export interface Scenario<World extends Environment = Environment, Reward extends string = string> {
  /** As `--scenario` and `run.json` say it. */
  readonly name: string;
  readonly agents: readonly AgentShape[];
  readonly landmarks: number;
  /** What agents can be paid for; the only one where nothing is to be chosen. */
  readonly rewards: readonly Reward[];
  /** Steps of an episode, unless others are asked for. */
  readonly episodeLength: number;
  /** Rules that can be trained against, by the name under which they are chosen. */
  readonly opponents: Readonly<Record<string, Rules>>;
  readonly measures: readonly EpisodeMeasure<World>[];
  /** Worlds whose episodes `reset` draws. */
  make(options: { worlds: number; seed: number; reward: Reward }): World;
}

/** What all agents learn: no rule is in any one's place. */
export const LEARNED = 'learned';

/** The rules of an opponent that a scenario knows; none where all learn. */
export const rulesOf = ({ opponents }: Scenario, opponent: string): Rules =>
  opponent === LEARNED ? {} : opponents[opponent];

const point = z.array(z.number('must be a finite number')).length(2, 'must hold two');
const points = (count: number) => z.array(point).length(count, `must hold ${WORDS[count] ?? count}`);
const WORDS: Readonly<Record<number, string>> = { 2: 'two', 3: 'three', 4: 'four' };

/** Shape of a {@link Start} of a scenario. */
export const startShape = ({ agents, landmarks }: Pick<Scenario, 'agents' | 'landmarks'>) => ({
  agents: points(agents.length),
  landmarks: points(landmarks),
  goal: z.literal(
    Array.from({ length: landmarks }, (_, landmark) => landmark),
    `must be ${Array.from({ length: landmarks }, (_, landmark) => landmark).join(' or ')}: which landmark is the goal`,
  ),
});
