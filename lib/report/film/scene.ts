import { ADVERSARY, GOOD } from '../../rl/scenarios/physical-deception';
import { play, type Trajectory } from '../../rl/trajectory';

export type Point = readonly [x: number, y: number];

/** Where everything is after a step, and what it came to by then. */
export interface Moment {
  readonly red: Point;
  readonly blue: Point;
  readonly inSight: boolean;
  readonly trapped: boolean;
  /** Paid to each since the episode began. */
  readonly paid: { readonly red: number; readonly blue: number };
}

/** An episode as it is drawn. */
export interface Scene {
  readonly goal: Point;
  readonly nonGoal: Point;
  /** The first is the start. */
  readonly moments: readonly Moment[];
}

/** Plays a recorded episode again and keeps what is seen of it. */
export function sceneOf(trajectory: Trajectory): Scene {
  const moments: Moment[] = [];
  for (const world of play(trajectory)) {
    const placed = (agent: number): Point => [world.positions[agent * 2], world.positions[agent * 2 + 1]];
    const before = moments.at(-1)?.paid ?? { red: 0, blue: 0 };
    moments.push({
      red: placed(ADVERSARY),
      blue: placed(GOOD),
      inSight: world.inSight[0] === 1,
      trapped: world.trapped[0] === 1,
      paid: { red: before.red + world.rewards[ADVERSARY][0], blue: before.blue + world.rewards[GOOD][0] },
    });
  }
  const landmark = (index: number): Point => [trajectory.landmarks[index][0], trajectory.landmarks[index][1]];
  return { goal: landmark(trajectory.goal), nonGoal: landmark(1 - trajectory.goal), moments };
}
