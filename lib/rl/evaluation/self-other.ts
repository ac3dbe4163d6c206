/** What blue sees, and what it would see if red were near: the two sides between which overlap is measured. */
import type { PhysicalDeception } from '../scenarios/physical-deception';
import { GOOD } from '../scenarios/physical-deception';
import { EpisodeRandom } from '../world/episode-random';

/** How far away red is imagined at most. Upstream's evaluation scripts use another number than its training. */
export const IMAGINED_SIGHT = { training: 0.125, evaluation: 0.1 } as const;
/** Red is imagined no further out than this, on both axes. */
const IMAGINED_BOUND = 0.9;

const SIZE = 10;
/** Where blue's observation holds red, and whether red is trapped. */
const RED = 6;
const FLAGS = 8;

/** Keeps these draws apart from those of the worlds of the same seed. */
const SEED_OFFSET = 2 ** 40;

/**
 * Blue's observation in every world as 'self' and as 'other' (upstream's train.py and evaluate-deception.py). Call `begin` when episodes begin,
 * `see` before every step of the environment and `imagine` after it.
 *
 * - `self` is what blue sees. It counts only while red is out of sight (`usable`).
 * - `other` is the same with red imagined nearby, and as not trapped.
 *
 * So upstream's two sides differ in the trap flag as well (Q11); `selfMatched` is `self` without it, and differs from
 * `other` in nothing but red's place.
 */
export class SelfOther {
  /** `[worlds, 10]` */
  readonly self: Float64Array;
  readonly selfMatched: Float64Array;
  readonly other: Float64Array;
  /** `[worlds]`: 1 where blue did not see red. */
  readonly usable: Uint8Array;
  private readonly randoms: readonly EpisodeRandom[];

  /**
   * @param options.sight how far away red is imagined at most
   * @param options.seed with an episode's number, draws where red is imagined at each of its steps
   */
  constructor(
    private readonly environment: PhysicalDeception,
    private readonly options: { sight: number; seed: number },
  ) {
    const { worlds } = environment;
    this.self = new Float64Array(worlds * SIZE);
    this.selfMatched = new Float64Array(worlds * SIZE);
    this.other = new Float64Array(worlds * SIZE);
    this.usable = new Uint8Array(worlds);
    this.randoms = Array.from({ length: worlds }, () => new EpisodeRandom(options.seed + SEED_OFFSET));
  }

  /** @param episodes as they were given to the environment's `reset` */
  begin(episodes: readonly number[]): void {
    this.randoms.forEach((random, world) => random.begin(episodes[world]));
  }

  /** Takes what blue sees now. */
  see(): void {
    const seen = this.environment.observations[GOOD];
    for (const side of [this.self, this.selfMatched, this.other]) side.set(seen);
    for (let world = 0, at = 0; world < this.usable.length; world++, at += SIZE) {
      this.usable[world] = seen[at + RED] === 0 && seen[at + RED + 1] === 0 ? 1 : 0;
      for (const side of [this.selfMatched, this.other]) side.fill(0, at + FLAGS, at + SIZE);
    }
  }

  /**
   * Writes red into `other`: uniform in angle and in distance, held within the room. Blue's place is that after the
   * step, and the offset is blue's from red where the environment's is red's from blue, as upstream has both (Q12).
   */
  imagine(): void {
    const { environment, other, options, randoms } = this;
    for (let world = 0; world < randoms.length; world++) {
      const blue = environment.agentAt(world, GOOD);
      const angle = randoms[world].uniform(0, 2 * Math.PI);
      const away = randoms[world].uniform(0, options.sight);
      const at = world * SIZE + RED;
      other[at] = fromImagined(environment.positions[blue], away * Math.cos(angle));
      other[at + 1] = fromImagined(environment.positions[blue + 1], away * Math.sin(angle));
    }
  }
}

function fromImagined(place: number, offset: number): number {
  return place - Math.min(IMAGINED_BOUND, Math.max(-IMAGINED_BOUND, place + offset));
}
