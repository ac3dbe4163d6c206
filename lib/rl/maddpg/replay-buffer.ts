/** What the agents have met, in one tensor that is allocated once, and the batches that updates learn from. */
import { torch, type Generator, type Tensor } from '../../torch';
import type { AgentShape } from '../environment';

/** Neighbouring numbers of a row. */
interface Columns {
  readonly at: number;
  readonly size: number;
}

/** Where things lie in a row, per agent. */
export interface RowLayout {
  readonly observations: readonly Columns[];
  readonly actions: readonly Columns[];
  readonly nextObservations: readonly Columns[];
  readonly rewards: readonly Columns[];
  readonly last: Columns;
  /** What a critic is asked about: what all agents see, then what they do. */
  readonly joint: Columns;
  /** Numbers in a row. */
  readonly width: number;
}

/** `[all observations, all actions, all next observations, all rewards, last]`, as native code reads rows too. */
export function rowLayout(agents: readonly AgentShape[]): RowLayout {
  let width = 0;
  const next = (size: number): Columns => ({ at: (width += size) - size, size });
  const observations = agents.map(({ observationSize }) => next(observationSize));
  const actions = agents.map(({ actionSize }) => next(actionSize));
  const joint = { at: 0, size: width };
  const nextObservations = agents.map(({ observationSize }) => next(observationSize));
  const rewards = agents.map(() => next(1));
  const last = next(1);
  return { observations, actions, nextObservations, rewards, last, joint, width };
}

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

/** Transitions that one update learns from: views of rows. */
export class Minibatch {
  /** @param rows `[batch, width]` */
  constructor(
    readonly rows: Tensor,
    private readonly layout: RowLayout,
  ) {}

  /** Per agent, `[batch, observationSize]`: before the step. */
  get observations(): Tensor[] {
    return this.layout.observations.map((columns) => this.#view(columns));
  }

  /** And after it. */
  get nextObservations(): Tensor[] {
    return this.layout.nextObservations.map((columns) => this.#view(columns));
  }

  /** `[batch, all observations, then all actions]`. */
  get joint(): Tensor {
    return this.#view(this.layout.joint);
  }

  /** Per agent, `[batch, 1]`, as they were paid. */
  get rewards(): Tensor[] {
    return this.layout.rewards.map((columns) => this.#view(columns));
  }

  /** `[batch, 1]`: 1 where an episode's last step was. */
  get last(): Tensor {
    return this.#view(this.layout.last);
  }

  #view({ at, size }: Columns): Tensor {
    return this.rows.narrow(1, at, size);
  }
}

/** A ring of transitions in float32, laid out as {@link rowLayout} says. */
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
  readonly #layout: RowLayout;

  constructor(
    agents: readonly AgentShape[],
    readonly capacity: number,
  ) {
    this.#layout = rowLayout(agents);
    this.rows = torch.empty([capacity, this.#layout.width]).keep();
    this.#rewards = agents.map(() => new Float32Array(capacity));
    this.#moments = this.#rewards.map((rewards) => new BlockMoments(rewards));
  }

  /** Adds the step of the first `worlds` worlds, over the oldest rows when it is full. */
  push(step: Transitions, worlds: number): void {
    const { observations, actions, nextObservations, rewards, last, width } = this.#layout;
    const rows = new Float32Array(worlds * width);
    const put = (values: readonly ArrayLike<number>[], columns: readonly Columns[]): void =>
      values.forEach((from, k) => copyColumns(from, columns[k], rows, width));
    put(step.observations, observations);
    put(step.actions, actions);
    put(step.nextObservations, nextObservations);
    put(step.rewards, rewards);
    for (let at = last.at; at < rows.length; at += width) rows[at] = step.last ? 1 : 0;
    this.#append(rows, worlds);
  }

  /** @param rows [count, width] */
  #append(rows: Float32Array, count: number): void {
    const { width } = this.#layout;
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
    const { rewards: columns, width } = this.#layout;
    this.#rewards.forEach((rewards, k) => {
      for (let i = 0; i < count; i++) rewards[this.next + i] = rows[i * width + columns[k].at];
      this.#moments[k].touch(this.next, this.next + count);
    });
  }

  /** Different rows, as many as asked for. @throws RangeError when there are fewer */
  sample(count: number, generator: Generator): Minibatch {
    const picked = torch.tensor(drawDistinct(this.size, count, generator));
    return new Minibatch(this.rows.indexSelect(0, picked), this.#layout);
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
    const [count, width] = rows.shape;
    if (rows.dtype !== 'float32' || width !== this.#layout.width || count > this.capacity || next > count)
      throw new RangeError(`the replay buffer takes float32 [${this.capacity}, ${this.#layout.width}], got ${rows.dtype} [${rows.shape.join(', ')}] with ${next} as the next row`); // prettier-ignore
    const values = torch.scope(() => rows.toTypedArray()) as Float32Array;
    this.size = this.next = 0;
    this.#append(values, rows.size(0));
    this.next = next;
  }

  dispose(): void {
    this.rows.dispose();
  }
}

/** @param from `[at least as many as there are rows, size]` */
function copyColumns(from: ArrayLike<number>, { at, size }: Columns, rows: Float32Array, width: number): void {
  for (let start = at, i = 0; start < rows.length; start += width)
    for (let j = 0; j < size; j++, i++) rows[start + j] = from[i];
}

const EMPTY = -1;

/**
 * Draws `wanted` different rows out of `count`, every set of them as likely as any other, in time that does not depend
 * on `count` (Floyd's algorithm: Bentley and Floyd 1987, "A sample of brilliance").
 */
export function drawDistinct(count: number, wanted: number, generator: Generator): Int32Array {
  if (wanted > count) throw new RangeError(`drawDistinct: cannot draw ${wanted} different rows of ${count}`);
  const options = { dtype: 'float64', generator } as const;
  const uniform = torch.scope(() => torch.rand([wanted], options).toTypedArray()) as Float64Array;
  const rows = new Int32Array(wanted);
  // A hash table with open addressing, at most a quarter full: a tenth of a Set's time.
  const bits = Math.ceil(Math.log2(4 * wanted + 1));
  const table = new Int32Array(2 ** bits).fill(EMPTY);
  const slotOf = (row: number): number => {
    let slot = Math.imul(row, 0x9e3779b1) >>> (32 - bits);
    while (table[slot] !== EMPTY && table[slot] !== row) slot = (slot + 1) % table.length;
    return slot;
  };
  for (let i = 0; i < wanted; i++) {
    const last = count - wanted + i;
    const drawn = Math.floor(uniform[i] * (last + 1));
    const slot = slotOf(drawn);
    const row = table[slot] === EMPTY ? drawn : last;
    table[row === drawn ? slot : slotOf(row)] = row;
    rows[i] = row;
  }
  return rows;
}

const BLOCK = 1024;

/**
 * Mean and deviation of a column that is overwritten piece by piece, without a sum that rounding could spoil.
 *
 * Keeps mean and squared deviations for each block of rows. A block that was written to is summed anew when it is asked
 * for, so nothing is ever subtracted, and the blocks are joined by the formula of Chan, Golub and LeVeque (1979).
 */
export class BlockMoments {
  readonly #means: Float64Array;
  /** Sums of squared deviations from the block's mean. */
  readonly #squares: Float64Array;
  readonly #stale = new Set<number>();

  /** @param values the column, which may be written to at any time */
  constructor(private readonly values: Float32Array) {
    const blocks = Math.ceil(values.length / BLOCK);
    this.#means = new Float64Array(blocks);
    this.#squares = new Float64Array(blocks);
  }

  /** Says that rows `start` to `end` - 1 were written. */
  touch(start: number, end: number): void {
    for (let block = Math.floor(start / BLOCK); block * BLOCK < end; block++) this.#stale.add(block);
  }

  /** Of rows 0 to `size` - 1: the mean and the population's standard deviation. */
  over(size: number): { mean: number; std: number } {
    for (const block of this.#stale) this.#sum(block, size);
    this.#stale.clear();
    let [count, mean, squares] = [0, 0, 0];
    for (let block = 0, start = 0; start < size; block++, start += BLOCK) {
      const rows = Math.min(BLOCK, size - start);
      const total = count + rows;
      const apart = this.#means[block] - mean;
      mean += (apart * rows) / total;
      squares += this.#squares[block] + (apart * apart * count * rows) / total;
      count = total;
    }
    return { mean, std: count > 0 ? Math.sqrt(squares / count) : 0 };
  }

  #sum(block: number, size: number): void {
    const start = block * BLOCK;
    const end = Math.min(start + BLOCK, size);
    let mean = 0;
    for (let row = start; row < end; row++) mean += this.values[row];
    mean /= end - start;
    let squares = 0;
    for (let row = start; row < end; row++) squares += (this.values[row] - mean) ** 2;
    this.#means[block] = mean;
    this.#squares[block] = squares;
  }
}
