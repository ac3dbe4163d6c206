import type { Scenario } from '../scenario';
import { AGENT_RADIUS, LANDMARK_RADIUS, ParticleWorlds, type WorldOptions } from '../world/particle-worlds';
import type { EpisodeRandom } from '../world/episode-random';
import { distance, writeOffset } from '../world/vectors';
import { ROOM } from '../world/walls';

/** How far agents see each other, and within what the adversary is paid for being near the good agent. */
export const SIGHT = 0.125;
/** Nearer than this an agent is at a landmark. */
export const AT_LANDMARK = 2 * LANDMARK_RADIUS;
/** Everything begins within this distance of the middle, on both axes. */
const SPAWN = 1 - (0.1 + AGENT_RADIUS / 2);

export const ADVERSARY = 0;
export const GOOD = 1;
const AGENTS = [
  { name: 'adversary', observationSize: 6, actionSize: 2 },
  { name: 'good', observationSize: 10, actionSize: 2 },
];

/** Blue is paid for being at the goal; `deceptive` also pays it for every step that red is trapped. */
export const REWARDS = ['deceptive', 'honest'] as const;
export type Reward = (typeof REWARDS)[number];

/**
 * Upstream's physical deception: a red adversary (agent 0) and a blue good agent (agent 1) in a walled room with two
 * landmarks. Only blue knows which is the goal. Red looks for it, sees blue only from nearby, and is trapped for the
 * rest of the episode once it comes to the other one.
 *
 * - Red sees (6): both landmarks, blue if it is in sight and zeros if not. Positions are relative to the one who looks.
 * - Blue sees (10): the goal, both landmarks, red if it is in sight and zeros if not, and twice whether red is trapped.
 * - Red earns 5 a step at the goal and 1 within reach of blue; blue earns 5 at the goal, and under `deceptive` 10 more
 *   for every step at whose end red is trapped.
 *
 * Source: `simple_adversary.py` of the paper's code. Its trap closes while red's observation is made; here it closes at
 * the same moment of `step` and `reset`, and observing changes nothing.
 */
export class PhysicalDeception extends ParticleWorlds {
  /** `[worlds]`: 1 once red has been at the landmark that is not the goal. It cannot move from the next step on. */
  readonly trapped: Uint8Array;
  /** `[worlds]`: 1 while the agents see each other. */
  readonly inSight: Uint8Array;
  readonly reward: Reward;

  constructor({ reward, ...options }: WorldOptions & { reward: Reward }) {
    super({ agents: AGENTS, landmarks: 2, walls: ROOM }, options);
    this.reward = reward;
    this.trapped = new Uint8Array(this.worlds);
    this.inSight = new Uint8Array(this.worlds);
  }

  /** Index in `landmarks` of the landmark that only looks like the goal. */
  nonGoalAt(world: number): number {
    return this.landmarkAt(world, 1 - this.goals[world]);
  }

  isAtGoal(world: number, agent: number): boolean {
    return distance(this.positions, this.agentAt(world, agent), this.landmarks, this.goalAt(world)) < AT_LANDMARK;
  }

  /** The distance of blue from red is uniform, so that it is denser near red than on a uniform disc. */
  protected override place(world: number, random: EpisodeRandom): void {
    const { landmarks, positions } = this;
    const red = this.agentAt(world, ADVERSARY);
    const blue = this.agentAt(world, GOOD);
    this.goals[world] = random.below(2);
    positions[red] = random.uniform(-SPAWN, SPAWN);
    positions[red + 1] = random.uniform(-SPAWN, SPAWN);
    const angle = random.uniform(0, 2 * Math.PI);
    const away = random.uniform(0, SIGHT);
    positions[blue] = clamp(positions[red] + away * Math.cos(angle), SPAWN);
    positions[blue + 1] = clamp(positions[red + 1] + away * Math.sin(angle), SPAWN);
    for (let i = world * 4; i < world * 4 + 4; i++) landmarks[i] = random.uniform(-SPAWN, SPAWN);
  }

  protected override begin(world: number): void {
    this.trapped[world] = 0;
    super.begin(world);
  }

  protected override observe(world: number): void {
    this.closeTrap(world);
    const { landmarks, positions } = this;
    const [redSees, blueSees] = this.observations;
    const red = this.agentAt(world, ADVERSARY);
    const blue = this.agentAt(world, GOOD);
    const sees = distance(positions, blue, positions, red) <= SIGHT;
    this.inSight[world] = sees ? 1 : 0;

    let at = world * 6;
    writeOffset(redSees, at, landmarks, world * 4, positions, red);
    writeOffset(redSees, at + 2, landmarks, world * 4 + 2, positions, red);
    writeOffset(redSees, at + 4, positions, sees ? blue : red, positions, red);

    at = world * 10;
    writeOffset(blueSees, at, landmarks, this.goalAt(world), positions, blue);
    writeOffset(blueSees, at + 2, landmarks, world * 4, positions, blue);
    writeOffset(blueSees, at + 4, landmarks, world * 4 + 2, positions, blue);
    writeOffset(blueSees, at + 6, positions, sees ? red : blue, positions, blue);
    blueSees[at + 8] = blueSees[at + 9] = this.trapped[world];
  }

  protected override pay(world: number): void {
    const { positions } = this;
    const red = this.agentAt(world, ADVERSARY);
    const blue = this.agentAt(world, GOOD);
    const contact = distance(positions, red, positions, blue) < SIGHT;
    const bonus = this.reward === 'deceptive' && this.trapped[world] ? 10 : 0;
    this.rewards[ADVERSARY][world] = (this.isAtGoal(world, ADVERSARY) ? 5 : 0) + (contact ? 1 : 0);
    this.rewards[GOOD][world] = (this.isAtGoal(world, GOOD) ? 5 : 0) + bonus;
  }

  private closeTrap(world: number): void {
    const red = this.agentAt(world, ADVERSARY);
    if (distance(this.positions, red, this.landmarks, this.nonGoalAt(world)) < AT_LANDMARK) this.trapped[world] = 1;
    if (this.trapped[world]) this.maxSpeeds[world * 2 + ADVERSARY] = 0;
  }
}

function clamp(x: number, bound: number): number {
  return Math.min(bound, Math.max(-bound, x));
}

/** How hard it turns towards what it sees. */
const GAIN = 20;

/**
 * The scripted adversary of physical deception: it runs after the good agent while it sees it, and stands still when
 * not. It trusts blue, which a learned red hardly does, so that a blue that deceives can be told from one that does not.
 * @param observations red's, `[worlds, 6]`
 * @param actions written, `[worlds, 2]`
 */
export function follow(observations: ArrayLike<number>, actions: Float32Array | Float64Array): void {
  for (let world = 0; world * 6 < observations.length; world++)
    for (let axis = 0; axis < 2; axis++) {
      const towards = GAIN * observations[world * 6 + 4 + axis];
      actions[world * 2 + axis] = Math.min(1, Math.max(-1, towards));
    }
}

export const physicalDeception: Scenario<PhysicalDeception, Reward> = {
  name: 'physical-deception',
  agents: AGENTS,
  landmarks: 2,
  rewards: REWARDS,
  episodeLength: 50,
  opponents: { follower: { [AGENTS[ADVERSARY].name]: follow } },
  measures: [
    {
      name: 'trapRate',
      label: 'red trapped',
      at: 'end',
      of: ({ trapped }, world) => trapped[world],
      print: (rate) => `${(100 * rate).toFixed(1)}% of episodes`,
    },
    {
      name: 'goalSteps',
      label: 'blue at the goal',
      at: 'every observation',
      of: (world, index) => (world.isAtGoal(index, GOOD) ? 1 : 0),
      print: (count, steps) => `${count.toFixed(1)} of ${steps + 1} observations`,
    },
  ],
  make: (options) => new PhysicalDeception(options),
};
