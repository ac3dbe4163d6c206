import { basename } from 'node:path';
import { z } from 'zod';
// Straight from their files: the folder's index loads the addon, which a world does not need.
import { readJsonInput } from '../files/input-file';
import { checkShape } from '../files/json-file';
import type { Actors } from './evaluation/episodes';
import { startShape, type Start } from './scenario';
import { physicalDeception, REWARDS, type PhysicalDeception, type Reward } from './scenarios/physical-deception';

/** An episode of physical deception that can be played again: where it began and what the agents did. */
export interface Trajectory extends Start {
  /** `[steps, 2, 2]`: actions of the adversary and the good agent. */
  actions: readonly (readonly (readonly number[])[])[];
  reward?: Reward;
}

/** What a trajectory led to. */
export interface Outcome {
  /** `[steps + 1, 2, 6 or 10]`, the first before any action. */
  observations: number[][][];
  /** `[steps, 2]` */
  rewards: number[][];
  /** `[steps]`: 1 from the step on that trapped the adversary, or where it began trapped. */
  trapped: number[];
}

const pair = <Item extends z.ZodType>(item: Item) => z.array(item).length(2, 'must hold two');
const reward = z.enum(REWARDS, `must be one of ${REWARDS.join(', ')}`).optional();

const episodeSchema = z.looseObject({
  ...startShape(physicalDeception),
  actions: z.array(pair(pair(z.number('must be a finite number')))),
  reward,
});

const fileSchema = z.looseObject({
  scenario: z.literal(physicalDeception.name, `must be ${physicalDeception.name}`).optional(),
  agent_order: z
    .union(
      [z.tuple([z.literal('adversary'), z.literal('good')]), z.tuple([z.literal('good'), z.literal('adversary')])],
      'must be "adversary" and "good", in either order',
    )
    .optional(),
  reward,
  episodes: z.array(episodeSchema),
});

/** A file of recorded episodes, with whatever else it says about them. */
export type TrajectoryFile = z.output<typeof fileSchema>;

/**
 * Reads a file of recorded episodes.
 * @throws InputError that names the file, the place and what was wanted.
 */
export function readTrajectories(path: string): TrajectoryFile {
  return checkShape(fileSchema, readJsonInput(path), basename(path));
}

/** Plays an episode again, step by step, and gives every outcome with the world as it is then. */
export function* play(trajectory: Trajectory): Generator<PhysicalDeception> {
  const world = physicalDeception.make({ worlds: 1, seed: 0, reward: trajectory.reward ?? 'deceptive' });
  world.resetTo([trajectory]);
  yield world;
  for (const actions of trajectory.actions) {
    world.step(actions.map((action) => Float64Array.from(action)));
    yield world;
  }
}

/** What an episode leads to when it is played again. */
export function replay(trajectory: Trajectory): Outcome {
  const outcome: Outcome = { observations: [], rewards: [], trapped: [] };
  for (const world of play(trajectory)) {
    outcome.observations.push(world.observations.map((values) => Array.from(values)));
    if (outcome.observations.length === 1) continue;
    outcome.rewards.push(world.rewards.map(([earned]) => earned));
    outcome.trapped.push(world.trapped[0]);
  }
  return outcome;
}

/**
 * Plays the episodes of a file again. Each comes back as it was, with its outcome in place of any that it held.
 * @param chosen the reward to use instead of the episode's, or else the file's, or else `deceptive`.
 */
export function* replayFile(
  file: TrajectoryFile,
  chosen?: Reward,
): Generator<TrajectoryFile['episodes'][number] & Outcome> {
  for (const episode of file.episodes) {
    const trajectory = trajectoryOf(file, episode);
    const { observations, rewards, trapped } = replay({ ...trajectory, reward: chosen ?? trajectory.reward });
    const paid = chosen && { reward: chosen };
    const order = <T>(both: readonly T[]) => inOrder(file, both);
    yield { ...episode, ...paid, observations: observations.map(order), rewards: rewards.map(order), trapped };
  }
}

/** An episode of a file with the adversary first, and with the file's reward where it has none of its own. */
export function trajectoryOf(file: TrajectoryFile, episode: TrajectoryFile['episodes'][number]): Trajectory {
  return {
    ...episode,
    reward: episode.reward ?? file.reward,
    agents: inOrder(file, episode.agents),
    actions: episode.actions.map((actions) => inOrder(file, actions)),
  };
}

/** From the file's order of agents to the adversary first, and back: the order is its own inverse. */
function inOrder<T>(file: TrajectoryFile, [first, second]: readonly T[]): T[] {
  return file.agent_order?.[0] === 'good' ? [second, first] : [first, second];
}

/** Plays an episode and records it. What it draws depends on `seed` and `episode` alone. */
export function recordEpisode(
  actors: Actors,
  { reward, seed, episode, steps }: { reward: Reward; seed: number; episode: number; steps: number },
): Trajectory {
  const world = physicalDeception.make({ worlds: 1, seed, reward });
  world.reset([episode]);
  const points = (flat: Float64Array) => [Array.from(flat.subarray(0, 2)), Array.from(flat.subarray(2, 4))];
  const start: Start = { agents: points(world.positions), landmarks: points(world.landmarks), goal: world.goals[0] };
  const chosen = world.agents.map(({ actionSize }) => new Float32Array(actionSize));
  const actions = Array.from({ length: steps }, () => {
    actors.act(world.observations, chosen);
    world.step(chosen);
    return chosen.map((action) => Array.from(action));
  });
  return { ...start, actions, reward };
}
