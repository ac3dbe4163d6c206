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
  /** @param paid what an agent is paid for a reward: in which coin should make no difference */
  constructor(
    worlds: number,
    private readonly paid: (reward: number, agent: number) => number = (reward) => reward,
  ) {
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
      this.rewards[0][w] = this.paid(1 - (red[w] - this.wanted(0, w)) ** 2 + 0.3 * blue[w], 0);
      this.rewards[1][w] = this.paid(1 - (blue[w] - this.wanted(1, w)) ** 2 + 0.3 * red[w], 1);
    }
    this.begin();
  }

  wanted(agent: number, world: number): number {
    return agent === 0
      ? 0.8 * Math.sign(this.observations[0][world * 2])
      : -0.8 * Math.sign(this.observations[1][world * 3]);
  }
}

/** Of which of two sides a world is; both come up in a batch, as critics do not see what all its rows have in common. */
abstract class Sided extends Lesson {
  side(world: number): number {
    return (this.episodes[world] >> 1) % 2 === 0 ? 1 : -1;
  }
}

/**
 * The first of two steps decides what the second is paid: to the side that is seen (1 or -1) costs 0.3 at once and
 * brings 1 later, so who does not look ahead goes to the other side. What is done at the second step has no effect.
 */
export class TwoSteps extends Sided {
  constructor(worlds: number) {
    super(worlds, [{ name: 'walker', observationSize: 2, actionSize: 1 }]);
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

/**
 * Every step pays what the walker brought along into it, less 0.3 for going to the side that is seen; but episodes have
 * one step alone. So that side is best only for who takes what comes after the last step for worth having.
 */
export class Beyond extends Sided {
  constructor(worlds: number) {
    super(worlds, [{ name: 'walker', observationSize: 2, actionSize: 1 }]);
  }

  protected begin(): void {
    for (let w = 0; w < this.worlds; w++) this.observations[0].set([this.side(w), this.drawn(w, 1)], w * 2);
  }

  protected pay([actions]: readonly (Float32Array | Float64Array)[]): void {
    for (let w = 0; w < this.worlds; w++) {
      const along = actions[w] * this.side(w);
      this.rewards[0][w] = this.observations[0][w * 2 + 1] - 0.3 * along;
      this.observations[0][w * 2 + 1] = along;
    }
  }
}

/**
 * As {@link TwoSteps}, but what red carries is worth what blue makes of it at the second step. Then blue is paid for going
 * to the side that both see, and red for going to the other side; before it is the other way round. So red should carry
 * for blue's sake, and should not if red's action, or the one that blue has just taken, stood in the place of blue's.
 */
export class Partners extends Sided {
  constructor(worlds: number) {
    super(worlds, [
      { name: 'red', observationSize: 3, actionSize: 1 },
      { name: 'blue', observationSize: 2, actionSize: 1 },
    ]);
  }

  protected begin(): void {
    this.show(() => 0);
  }

  private show(carried: (world: number) => number): void {
    for (let w = 0; w < this.worlds; w++) {
      const [side, second] = [this.side(w), Math.min(this.steps, 1)];
      this.observations[0].set([side, second * side, carried(w) * side], w * 3);
      this.observations[1].set([side, second * side], w * 2);
    }
  }

  protected pay([red, blue]: readonly (Float32Array | Float64Array)[]): void {
    const along = Array.from(red, (action, w) => action * this.side(w));
    for (let w = 0; w < this.worlds; w++) {
      const [seen, helped] = [this.observations[0], blue[w] * this.side(w)];
      const carried = seen[w * 3 + 2] * this.side(w);
      this.rewards[0][w] = this.steps === 1 ? -0.3 * along[w] : 1.5 * carried * helped - 0.5 * along[w];
      this.rewards[1][w] = this.steps === 1 ? -helped : helped;
    }
    this.show((w) => (this.steps === 1 ? along[w] : 0));
  }
}

/**
 * Blue is paid for going to the side that is seen, red for going there too while blue does, and for going to the other
 * side when blue does not. With noise blue goes wrong so often that on the whole the other side pays red better; by what
 * blue has learned it never does.
 */
export class Reliance extends Sided {
  constructor(worlds: number) {
    super(worlds, [
      { name: 'red', observationSize: 2, actionSize: 1 },
      { name: 'blue', observationSize: 2, actionSize: 1 },
    ]);
  }

  protected begin(): void {
    for (let w = 0; w < this.worlds; w++)
      for (const k of [0, 1]) this.observations[k].set([this.side(w), this.drawn(w, k)], w * 2);
  }

  protected pay([red, blue]: readonly (Float32Array | Float64Array)[]): void {
    for (let w = 0; w < this.worlds; w++) {
      this.rewards[0][w] = red[w] * (3 * Math.sign(blue[w]) - 1.8 * this.side(w));
      this.rewards[1][w] = blue[w] * this.side(w);
    }
    this.begin();
  }
}

/**
 * Settings with which these are learned in a second. Critics normalise actions over the batch, so that they see where
 * actions go and not how far: the penalty, stronger than upstream's, keeps them from the bounds, where nothing is learned.
 */
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
  actionPenalty: 0.01,
  noise: { theta: 0.5, sigma: 0.6, scale: 1, finalScale: 1, episodes: 0 },
};
