/** Transitions that one update learns from, and how they lie in a row. */
import type { Tensor } from '../../torch';
import type { AgentShape } from '../environment';

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** Numbers that a critic sees: what all agents see and do. */
export function jointSize(agents: readonly AgentShape[]): number {
  return sum(agents.map(({ observationSize, actionSize }) => observationSize + actionSize));
}

/** Numbers in a row. */
export function rowSize(agents: readonly AgentShape[]): number {
  return jointSize(agents) + sum(agents.map(({ observationSize }) => observationSize)) + agents.length + 1;
}

/** Views of rows `[batch, all observations, all actions, all next observations, all rewards, last]`. */
export class Minibatch {
  constructor(
    readonly rows: Tensor,
    readonly agents: readonly AgentShape[],
  ) {}

  /** Per agent, `[batch, observationSize]`: before the step. */
  get observations(): Tensor[] {
    return this.#ofEach(0, this.#seen);
  }

  /** And after it. */
  get nextObservations(): Tensor[] {
    return this.#ofEach(jointSize(this.agents), this.#seen);
  }

  /** `[batch, all observations, then all actions]`: what critics are asked about. */
  get joint(): Tensor {
    return this.rows.narrow(1, 0, jointSize(this.agents));
  }

  /** Per agent, `[batch, 1]`, as they were paid. */
  get rewards(): Tensor[] {
    const ones = this.agents.map(() => 1);
    return this.#ofEach(rowSize(this.agents) - 1 - ones.length, ones);
  }

  /** `[batch, 1]`: 1 where an episode's last step was. */
  get last(): Tensor {
    return this.rows.narrow(1, rowSize(this.agents) - 1, 1);
  }

  get #seen(): number[] {
    return this.agents.map(({ observationSize }) => observationSize);
  }

  #ofEach(start: number, sizes: readonly number[]): Tensor[] {
    return sizes.map((size, k) => this.rows.narrow(1, start + sum(sizes.slice(0, k)), size));
  }
}
