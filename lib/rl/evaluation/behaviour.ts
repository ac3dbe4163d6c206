/** What agents do in episodes without noise, episode by episode. */
import { BehaviourRecord, type DeceptiveMove } from '../scenarios/behaviour-record';
import type { PhysicalDeception } from '../scenarios/physical-deception';
import type { Watcher } from './episodes';

/** Counts that upstream collects at an episode's end, and those that its rates need. */
export const COUNTS = [
  'adversaryAtGoal',
  'adversaryAtNonGoal',
  'goodAtGoal',
  'movedToGoal',
  'movedToNonGoal',
  'movesInSight',
  'stepsInSight',
] as const;
export type Count = (typeof COUNTS)[number];

/** Each count by episode, and the deceptive moves with red in sight. */
export interface Behaviour {
  readonly form: BehaviourRecord['form'];
  counts: Readonly<Record<Count, readonly number[]>>;
  /** By episode: how many of `moves` are its own. */
  deceptiveMoves: readonly number[];
  /** Of all episodes, in order. */
  moves: readonly DeceptiveMove[];
}

/** Gathers a `BehaviourRecord`, episode by episode; see there for its two forms. */
export class BehaviourWatcher implements Watcher, Behaviour {
  readonly counts: Record<Count, number[]>;
  readonly deceptiveMoves: number[] = [];
  readonly moves: DeceptiveMove[] = [];
  private readonly record: BehaviourRecord;

  constructor(
    environment: PhysicalDeception,
    readonly form: BehaviourRecord['form'],
  ) {
    this.record = new BehaviourRecord(environment, form);
    this.counts = Object.fromEntries(COUNTS.map((name) => [name, [] as number[]])) as Record<Count, number[]>;
  }

  begin(): void {
    this.record.begin();
  }

  afterStep(): void {
    this.record.note();
  }

  end(counted: number): void {
    for (let world = 0; world < counted; world++) {
      for (const name of COUNTS) this.counts[name].push(this.record[name][world]);
      const moves = this.record.deceptiveMoves(world).filter(({ inSight }) => inSight);
      this.deceptiveMoves.push(moves.length);
      this.moves.push(...moves);
    }
  }
}

/** Whether red was trapped, and what each agent was paid, episode by episode. */
export class PayWatcher implements Watcher {
  readonly trapped: number[] = [];
  /** By agent, then by episode. */
  readonly returns: Readonly<Record<string, number[]>>;
  private readonly paid: readonly Float64Array[];

  constructor(private readonly environment: PhysicalDeception) {
    this.returns = Object.fromEntries(environment.agents.map(({ name }) => [name, []]));
    this.paid = environment.agents.map(() => new Float64Array(environment.worlds));
  }

  begin(): void {
    for (const paid of this.paid) paid.fill(0);
  }

  afterStep(): void {
    this.paid.forEach((paid, k) => {
      const rewards = this.environment.rewards[k];
      for (let world = 0; world < paid.length; world++) paid[world] += rewards[world];
    });
  }

  end(counted: number): void {
    this.trapped.push(...this.environment.trapped.subarray(0, counted));
    this.environment.agents.forEach(({ name }, k) => this.returns[name].push(...this.paid[k].subarray(0, counted)));
  }
}
