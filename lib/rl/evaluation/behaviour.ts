/** What agents do in episodes of physical deception, move by move (upstream's behavioural metrics). */
import { ADVERSARY, AT_LANDMARK, GOOD, type PhysicalDeception } from '../scenarios/physical-deception';
import { distance } from '../world/vectors';
import { PayWatcher, type Watcher } from './episodes';

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

/** Moves of blue that go more towards the landmark that is not the goal than towards the goal, and not away from it. */
export interface DeceptiveMove {
  /** Cosine of the move and the direction of the landmark that is not the goal. */
  readonly towardNonGoal: number;
  /** Cosine of the directions of the two landmarks, from where the move ends. */
  readonly betweenLandmarks: number;
  /** Whether the agents saw each other when it ended. */
  readonly inSight: boolean;
}

interface Move {
  towardGoal: number;
  towardNonGoal: number;
  betweenLandmarks: number;
}

const NO_MOVE: Move = { towardGoal: 0, towardNonGoal: 0, betweenLandmarks: 0 };

/**
 * What the agents of physical deception did in the current episode of every world: the counts and moves that upstream's
 * behavioural metrics are made of. Call `begin` after every `reset` and `note` after every `step`.
 *
 * `upstream` records what upstream records, to the number. `clean` mends three things:
 * - Q9: upstream takes the way from the middle of the room to blue's first place for a move. Here the first is that of
 *   the first step.
 * - Q9: upstream keeps a move one step late, so that an episode's last one is missing and others can be kept twice.
 *   Here each is kept once, when it is made.
 * - Q1: the condition of upstream's `movedToNonGoal` contradicts itself. Here its second half is about the landmarks.
 */
export class BehaviourRecord {
  /** `[worlds]`: observations, the first included, with red at the goal. */
  readonly adversaryAtGoal: Uint32Array;
  readonly adversaryAtNonGoal: Uint32Array;
  readonly goodAtGoal: Uint32Array;
  /** `[worlds]`: moves of blue straight towards the goal. */
  readonly movedToGoal: Uint32Array;
  /** `[worlds]`: moves straight towards the other landmark that were decided on with red in sight. */
  readonly movedToNonGoal: Uint32Array;
  /** `[worlds]`: steps that were decided on with red in sight. */
  readonly movesInSight: Uint32Array;
  /** `[worlds]`: steps at whose end red is in sight. */
  readonly stepsInSight: Uint32Array;
  private readonly moves: DeceptiveMove[][];
  private readonly lastMove: Move[];
  private readonly wasInSight: Uint8Array;
  /** `[worlds, 2]` */
  private readonly lastPlace: Float64Array;

  constructor(
    private readonly environment: PhysicalDeception,
    readonly form: 'upstream' | 'clean',
  ) {
    const { worlds } = environment;
    this.adversaryAtGoal = new Uint32Array(worlds);
    this.adversaryAtNonGoal = new Uint32Array(worlds);
    this.goodAtGoal = new Uint32Array(worlds);
    this.movedToGoal = new Uint32Array(worlds);
    this.movedToNonGoal = new Uint32Array(worlds);
    this.movesInSight = new Uint32Array(worlds);
    this.stepsInSight = new Uint32Array(worlds);
    this.moves = Array.from({ length: worlds }, () => []);
    this.lastMove = Array.from({ length: worlds }, () => NO_MOVE);
    this.wasInSight = new Uint8Array(worlds);
    this.lastPlace = new Float64Array(worlds * 2);
  }

  /** A world's deceptive moves so far, in order. */
  deceptiveMoves(world: number): readonly DeceptiveMove[] {
    return this.moves[world];
  }

  /** Forgets the episodes before and records the first observations of new ones. */
  begin(): void {
    for (const counts of this.allCounts()) counts.fill(0);
    this.wasInSight.fill(0);
    this.lastPlace.fill(0);
    for (let world = 0; world < this.environment.worlds; world++) {
      this.moves[world] = [];
      this.lastMove[world] = NO_MOVE;
      this.countPlaces(world);
      if (this.form === 'upstream') this.keepMove(world);
      this.remember(world);
    }
  }

  /** Records the step that was just made. */
  note(): void {
    for (let world = 0; world < this.environment.worlds; world++) {
      this.countPlaces(world);
      this.movesInSight[world] += this.wasInSight[world];
      this.stepsInSight[world] += this.environment.inSight[world];
      this.keepMove(world);
      this.remember(world);
    }
  }

  private countPlaces(world: number): void {
    const { environment } = this;
    const red = environment.agentAt(world, ADVERSARY);
    const blue = environment.agentAt(world, GOOD);
    const isAt = (agent: number, landmark: number) =>
      distance(environment.positions, agent, environment.landmarks, landmark) < AT_LANDMARK;
    if (isAt(red, environment.goalAt(world))) this.adversaryAtGoal[world]++;
    if (isAt(red, environment.nonGoalAt(world))) this.adversaryAtNonGoal[world]++;
    if (isAt(blue, environment.goalAt(world))) this.goodAtGoal[world]++;
  }

  private keepMove(world: number): void {
    const move = this.moveOf(world);
    if (!move) return;
    const { towardGoal, towardNonGoal, betweenLandmarks } = move;
    const seen = this.wasInSight[world] === 1;
    if (this.form === 'upstream') this.keepIfDeceptive(world, this.lastMove[world], seen);
    else this.keepIfDeceptive(world, move, this.environment.inSight[world] === 1);
    if (towardGoal > towardNonGoal && towardGoal > 0.9) this.movedToGoal[world]++;
    const straight = towardNonGoal > towardGoal && towardNonGoal > 0.7;
    // Upstream asks that towardNonGoal be less than 0.6 as well.
    if (this.form === 'clean' && seen && straight && betweenLandmarks < 0.6) this.movedToNonGoal[world]++;
    this.lastMove[world] = move;
  }

  private keepIfDeceptive(world: number, move: Move, inSight: boolean): void {
    const { towardGoal, towardNonGoal, betweenLandmarks } = move;
    if (towardNonGoal > towardGoal && towardNonGoal > 0)
      this.moves[world].push({ towardNonGoal, betweenLandmarks, inSight });
  }

  /** The move from blue's last place to its place; undefined when it has no direction, or a landmark has none. */
  private moveOf(world: number): Move | undefined {
    const { landmarks, positions } = this.environment;
    const blue = this.environment.agentAt(world, GOOD);
    const goal = direction(landmarks, this.environment.goalAt(world), positions, blue);
    const nonGoal = direction(landmarks, this.environment.nonGoalAt(world), positions, blue);
    const moved = direction(positions, blue, this.lastPlace, world * 2);
    if (!goal || !nonGoal || !moved) return undefined;
    return {
      towardGoal: dot(moved, goal),
      towardNonGoal: dot(moved, nonGoal),
      betweenLandmarks: dot(goal, nonGoal),
    };
  }

  private remember(world: number): void {
    const blue = this.environment.agentAt(world, GOOD);
    this.wasInSight[world] = this.environment.inSight[world];
    this.lastPlace[world * 2] = this.environment.positions[blue];
    this.lastPlace[world * 2 + 1] = this.environment.positions[blue + 1];
  }

  private allCounts(): Uint32Array[] {
    return [
      this.adversaryAtGoal,
      this.adversaryAtNonGoal,
      this.goodAtGoal,
      this.movedToGoal,
      this.movedToNonGoal,
      this.movesInSight,
      this.stepsInSight,
    ];
  }
}

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

/** What each agent was paid, and whether red was trapped, episode by episode. */
export class TrapWatcher extends PayWatcher {
  readonly trapped: number[] = [];

  constructor(private readonly room: PhysicalDeception) {
    super(room);
  }

  override end(counted: number): void {
    this.trapped.push(...this.room.trapped.subarray(0, counted));
    super.end(counted);
  }
}

/** The unit vector from one point to another; undefined where they are the same. */
function direction(to: Float64Array, i: number, from: Float64Array, j: number): [number, number] | undefined {
  const length = distance(to, i, from, j);
  return length === 0 ? undefined : [(to[i] - from[j]) / length, (to[i + 1] - from[j + 1]) / length];
}

function dot([a, b]: [number, number], [c, d]: [number, number]): number {
  return a * c + b * d;
}
