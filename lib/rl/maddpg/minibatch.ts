/** Transitions that one update learns from, and how they lie in a row. */
import type { Tensor } from '../../torch';
import type { AgentShape } from '../environment';

export interface Minibatch {
  /** Per agent, `[batch, observationSize]`: before the step, and after it. */
  observations: Tensor[];
  nextObservations: Tensor[];
  /** `[batch, all observations, then all actions]`: what critics are asked about. */
  joint: Tensor;
  /** Per agent, `[batch, 1]`, as they were paid. */
  rewards: Tensor[];
  /** `[batch, 1]`: 1 where an episode's last step was. */
  last: Tensor;
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

/** Numbers that a critic sees: what all agents see and do. */
export function jointSize(agents: readonly AgentShape[]): number {
  return sum(agents.map(({ observationSize, actionSize }) => observationSize + actionSize));
}

/** Numbers in a row. */
export function rowSize(agents: readonly AgentShape[]): number {
  return jointSize(agents) + sum(agents.map(({ observationSize }) => observationSize)) + agents.length + 1;
}

/** Views of `[batch, all observations, all actions, all next observations, all rewards, last]`. */
export function minibatchOf(rows: Tensor, agents: readonly AgentShape[]): Minibatch {
  const columns = (start: number, size: number): Tensor => rows.narrow(1, start, size);
  const ofEach = (start: number, sizes: readonly number[]): Tensor[] =>
    sizes.map((size, k) => columns(start + sum(sizes.slice(0, k)), size));
  const [seen, joint] = [agents.map(({ observationSize }) => observationSize), jointSize(agents)];
  return {
    observations: ofEach(0, seen),
    nextObservations: ofEach(joint, seen),
    joint: columns(0, joint),
    rewards: ofEach(
      joint + sum(seen),
      agents.map(() => 1),
    ),
    last: columns(rowSize(agents) - 1, 1),
  };
}
