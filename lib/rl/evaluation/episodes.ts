/** Playing episodes without noise, many at once, while somebody watches. */
import { PhysicalDeception, type Reward } from '../scenarios/physical-deception';

/** Acts for every agent in every world: `Maddpg.act`. */
export interface Actors {
  act(observations: readonly Float64Array[], actions: readonly Float32Array[]): void;
}

/** Which episodes are played. They are numbered from 0, so that fewer of them are the first of more. */
export interface EpisodePlan {
  /** What blue is paid for. */
  reward: Reward;
  episodes: number;
  /** Steps of each. */
  episodeLength: number;
  seed: number;
}

/** What looks on while episodes are played: one in every world of an environment at a time. */
export interface Watcher {
  /** Every world has begun an episode of this number. */
  begin?(episodes: readonly number[]): void;
  beforeStep?(): void;
  afterStep?(): void;
  /** The episodes are over; only those of the first `counted` worlds were asked for. */
  end?(counted: number): void;
}

/** Gains nothing beyond, and an episode's observations still fit the processor's caches. */
const MOST_WORLDS = 128;

/** @param watch makes what looks on */
export function playEpisodes<Watching extends readonly Watcher[]>(
  actors: Actors,
  { reward, episodes, episodeLength, seed }: EpisodePlan,
  watch: (environment: PhysicalDeception) => Watching,
): Watching {
  const worlds = Math.ceil(episodes / Math.ceil(episodes / MOST_WORLDS));
  const environment = new PhysicalDeception({ reward, worlds, seed });
  const actions = environment.agents.map(({ actionSize }) => new Float32Array(worlds * actionSize));
  const watching = watch(environment);
  for (let first = 0; first < episodes; first += worlds) {
    const numbers = Array.from({ length: worlds }, (_, world) => first + world);
    environment.reset(numbers);
    for (const watcher of watching) watcher.begin?.(numbers);
    for (let step = 0; step < episodeLength; step++) {
      for (const watcher of watching) watcher.beforeStep?.();
      actors.act(environment.observations, actions);
      environment.step(actions);
      for (const watcher of watching) watcher.afterStep?.();
    }
    for (const watcher of watching) watcher.end?.(Math.min(worlds, episodes - first));
  }
  return watching;
}
