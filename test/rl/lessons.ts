/** Small environments whose best behaviour is known. */
import type { AgentShape, Environment } from '../../lib/rl';
import { UPSTREAM, type MaddpgConfig } from '../../lib/rl/maddpg';

/** Observations and rewards of every world, written by a subclass. */
abstract class Lesson implements Environment {
  readonly observations: Float64Array[];
  readonly rewards: Float64Array[];
  protected episodes: readonly number[] = [];
  protected steps = 0;

  constructor(
    readonly worlds: number,
    readonly agents: readonly AgentShape[],
  ) {
    this.observations = agents.map(({ observationSize }) => new Float64Array(worlds * observationSize));
    this.rewards = agents.map(() => new Float64Array(worlds));
  }

  reset(episodes: readonly number[]): void {
    this.episodes = episodes;
    this.steps = 0;
    this.begin();
  }

  step(actions: readonly (Float32Array | Float64Array)[]): void {
    this.steps += 1;
    this.pay(actions);
  }

  protected abstract begin(): void;
  protected abstract pay(actions: readonly (Float32Array | Float64Array)[]): void;

  /** A number in -1..1 that only depends on the episode, the step and `salt`. */
  protected drawn(world: number, salt: number): number {
    const x = Math.sin(this.episodes[world] * 12.9898 + this.steps * 78.233 + salt * 37.719) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  }
}

/**
 * What is best depends on what is seen, and nothing on what was done before: red is paid for doing what it sees, blue
 * for doing the opposite of what it sees, and each a little for what the other does, which it cannot change.
 */
export class OneStep extends Lesson {
  constructor(worlds: number) {
    super(worlds, [
      { name: 'red', observationSize: 2, actionSize: 1 },
      { name: 'blue', observationSize: 3, actionSize: 1 },
    ]);
  }

  protected begin(): void {
    this.observations.forEach((seen, k) => {
      for (let i = 0; i < seen.length; i++)
        seen[i] = this.drawn(Math.floor((i * this.worlds) / seen.length), k * 10 + i);
    });
  }

  protected pay([red, blue]: readonly (Float32Array | Float64Array)[]): void {
    for (let w = 0; w < this.worlds; w++) {
      this.rewards[0][w] = 1 - (red[w] - this.wanted(0, w)) ** 2 + 0.3 * blue[w];
      this.rewards[1][w] = 1 - (blue[w] - this.wanted(1, w)) ** 2 + 0.3 * red[w];
    }
    this.begin();
  }

  wanted(agent: number, world: number): number {
    return agent === 0
      ? 0.8 * Math.sign(this.observations[0][world * 2])
      : -0.8 * Math.sign(this.observations[1][world * 3]);
  }
}

/**
 * The first of two steps decides what the second is paid: to the side that is seen (1 or -1) costs 0.3 at once and
 * brings 1 later, so who does not look ahead goes to the other side. What is done at the second step has no effect.
 * Both sides come up because critics normalise actions over the batch: what all rows have in common they cannot see.
 */
export class TwoSteps extends Lesson {
  constructor(worlds: number) {
    super(worlds, [{ name: 'walker', observationSize: 2, actionSize: 1 }]);
  }

  side(world: number): number {
    return (this.episodes[world] >> 1) % 2 === 0 ? 1 : -1;
  }

  protected begin(): void {
    for (let w = 0; w < this.worlds; w++) this.observations[0].set([this.side(w), 0], w * 2);
  }

  protected pay([actions]: readonly (Float32Array | Float64Array)[]): void {
    for (let w = 0; w < this.worlds; w++) {
      const along = actions[w] * this.side(w);
      const isFirst = this.steps === 1;
      this.rewards[0][w] = isFirst ? -0.3 * along : this.observations[0][w * 2 + 1];
      this.observations[0].set([0, isFirst ? along : 0], w * 2);
    }
  }
}

/** Settings with which these are learned in seconds. */
export const SHORT: MaddpgConfig = {
  ...UPSTREAM,
  scaledActions: false,
  tripleNoise: false,
  episodes: 500,
  episodeLength: 10,
  worlds: 20,
  hiddenSize: 32,
  batch: 64,
  bufferSize: 4000,
  stepsPerRound: 20,
  noise: { theta: 0.15, sigma: 0.4, scale: 1, finalScale: 1, episodes: 0 },
};
