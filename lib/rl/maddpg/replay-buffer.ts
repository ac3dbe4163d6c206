/** What the agents have met, in one tensor that is allocated once. */
import { torch, type Generator, type Tensor } from '../../torch';
import type { AgentShape } from '../environment';
import { BlockMoments } from './block-moments';
import { drawDistinct } from './distinct-rows';
import { Minibatch, rowSize } from './minibatch';

/** One step of every world: what was seen, done, paid and seen next, per agent and world. */
export interface Transitions {
  /** `[worlds, observationSize]` */
  observations: readonly ArrayLike<number>[];
  /** `[worlds, actionSize]` */
  actions: readonly ArrayLike<number>[];
  /** `[worlds]` */
  rewards: readonly ArrayLike<number>[];
  nextObservations: readonly ArrayLike<number>[];
  /** Whether it was the episodes' last step. */
  last: boolean;
}

/** A ring of transitions in float32; {@link Minibatch} tells what lies where in a row. */
export class ReplayBuffer {
  /** [capacity, width]; pages that were never written cost no memory. */
  readonly rows: Tensor;
  /** Rows filled. */
  size = 0;
  /** The row that is written next. */
  next = 0;
  /** Per agent, the rewards once more, where their mean and deviation are quickly had. */
  readonly #rewards: readonly Float32Array[];
  readonly #moments: readonly BlockMoments[];
  readonly #width: number;

  constructor(
    readonly agents: readonly AgentShape[],
    readonly capacity: number,
  ) {
    this.#width = rowSize(agents);
    this.rows = torch.empty([capacity, this.#width]).keep();
    this.#rewards = agents.map(() => new Float32Array(capacity));
    this.#moments = this.#rewards.map((rewards) => new BlockMoments(rewards));
  }

  /** Adds the step of the first `worlds` worlds, over the oldest rows when it is full. */
  push(step: Transitions, worlds: number): void {
    const rows = new Float32Array(worlds * this.#width);
    for (let w = 0, at = 0; w < worlds; w++) {
      for (const values of [step.observations, step.actions, step.nextObservations, step.rewards]) {
        for (let k = 0; k < values.length; k++) at = copyRow(values[k], w, this.#sizeOf(step, values, k), rows, at);
      }
      rows[at++] = step.last ? 1 : 0;
    }
    this.#append(rows, worlds);
  }

  #sizeOf(step: Transitions, values: readonly ArrayLike<number>[], k: number): number {
    if (values === step.rewards) return 1;
    return values === step.actions ? this.agents[k].actionSize : this.agents[k].observationSize;
  }

  /** @param rows [count, width] */
  #append(rows: Float32Array, count: number): void {
    const width = this.#width;
    const fits = Math.min(count, this.capacity - this.next);
    torch.scope(() => {
      const tensor = torch.tensor(rows.subarray(0, fits * width), { shape: [fits, width] });
      this.rows.narrow(0, this.next, fits).copy_(tensor);
    });
    this.#noteRewards(rows, fits);
    this.size = Math.max(this.size, this.next + fits);
    this.next = (this.next + fits) % this.capacity;
    if (fits < count) this.#append(rows.subarray(fits * width), count - fits);
  }

  #noteRewards(rows: Float32Array, count: number): void {
    const column = this.#width - 1 - this.agents.length;
    this.#rewards.forEach((rewards, k) => {
      for (let i = 0; i < count; i++) rewards[this.next + i] = rows[i * this.#width + column + k];
      this.#moments[k].touch(this.next, this.next + count);
    });
  }

  /** Different rows, as many as asked for. @throws RangeError when there are fewer */
  sample(count: number, generator: Generator): Minibatch {
    const picked = torch.tensor(drawDistinct(this.size, count, generator));
    return new Minibatch(this.rows.indexSelect(0, picked), this.agents);
  }

  /** Mean and population deviation of an agent's rewards over all rows that are filled. */
  rewardMoments(agent: number): { mean: number; std: number } {
    return this.#moments[agent].over(this.size);
  }

  /** The rows that are filled, in a tensor of its own view: `[size, width]`. */
  filled(): Tensor {
    return this.rows.narrow(0, 0, this.size);
  }

  /** Takes over what another buffer of the same agents and capacity held. @param rows what its `filled` gave */
  restore(rows: Tensor, next: number): void {
    const values = torch.scope(() => rows.toTypedArray()) as Float32Array;
    this.size = this.next = 0;
    this.#append(values, rows.size(0));
    this.next = next;
  }

  dispose(): void {
    this.rows.dispose();
  }
}

function copyRow(from: ArrayLike<number>, row: number, size: number, into: Float32Array, at: number): number {
  for (let j = 0; j < size; j++) into[at + j] = from[row * size + j];
  return at + size;
}
