import type { AgentShape, Environment } from '../environment';
import type { Start } from '../scenario';
import { EpisodeRandom } from './episode-random';
import { addWallForce, type Wall } from './walls';

export const AGENT_RADIUS = 0.15;
export const LANDMARK_RADIUS = 0.08;
const STEP_SECONDS = 0.1;
const DAMPING = 0.25;
/** Force of an action of 1; every mass is 1. */
const SENSITIVITY = 5;

/** What a scenario's worlds hold. */
export interface Layout {
  readonly agents: readonly { name: string; observationSize: number }[];
  readonly landmarks: number;
  readonly walls: readonly Wall[];
}

export interface WorldOptions {
  /** How many worlds are stepped together. */
  worlds: number;
  seed: number;
}

/**
 * Worlds of discs that are pushed about on a plane and slowed down by friction, with landmarks to go to. A scenario
 * extends this class and says what is drawn, seen and paid; nothing collides, as in the scenarios of self-other overlap.
 * Integration is that of the original particle environments (Lowe et al., 2017): first the velocity, then with the new
 * velocity the position.
 */
export abstract class ParticleWorlds implements Environment {
  readonly worlds: number;
  readonly agents: readonly AgentShape[];
  readonly observations: readonly Float64Array[];
  readonly rewards: readonly Float64Array[];
  /** `[worlds, agents, 2]` */
  readonly positions: Float64Array;
  /** `[worlds, agents, 2]`, per second. */
  readonly velocities: Float64Array;
  /** `[worlds, landmarks, 2]` */
  readonly landmarks: Float64Array;
  /** `[worlds]`: which landmark is the goal, where a scenario has one. */
  readonly goals: Uint32Array;
  /** `[worlds, agents]`: the speed an agent is held to, Infinity where there is none. */
  protected readonly maxSpeeds: Float64Array;
  protected readonly landmarkCount: number;
  private readonly walls: readonly Wall[];
  private readonly random: EpisodeRandom;
  private readonly force = new Float64Array(2);

  constructor(layout: Layout, { worlds, seed }: WorldOptions) {
    if (!Number.isSafeInteger(worlds) || worlds < 1) throw new RangeError(`worlds must be at least 1, got ${worlds}`);
    this.worlds = worlds;
    this.agents = layout.agents.map((agent) => ({ ...agent, actionSize: 2 }));
    this.observations = this.agents.map(({ observationSize }) => new Float64Array(worlds * observationSize));
    this.rewards = this.agents.map(() => new Float64Array(worlds));
    this.positions = new Float64Array(worlds * this.agents.length * 2);
    this.velocities = new Float64Array(this.positions.length);
    this.maxSpeeds = new Float64Array(worlds * this.agents.length).fill(Infinity);
    this.landmarkCount = layout.landmarks;
    this.landmarks = new Float64Array(worlds * layout.landmarks * 2);
    this.goals = new Uint32Array(worlds);
    this.walls = layout.walls;
    this.random = new EpisodeRandom(seed);
  }

  /** Index in `positions` and `velocities` of an agent of a world. */
  agentAt(world: number, agent: number): number {
    return (world * this.agents.length + agent) * 2;
  }

  /** Index in `landmarks` of a landmark of a world. */
  landmarkAt(world: number, landmark: number): number {
    return (world * this.landmarkCount + landmark) * 2;
  }

  /** Index in `landmarks` of a world's goal. */
  goalAt(world: number): number {
    return this.landmarkAt(world, this.goals[world]);
  }

  /** Draws where the agents and landmarks of a world begin, and whatever else its episode needs. */
  protected abstract place(world: number, random: EpisodeRandom): void;

  /** Looks at where everything is: writes the world's observations, and what follows from being there. */
  protected abstract observe(world: number): void;

  /** Writes what the world's agents earn for being where they are; called after `observe`. */
  protected abstract pay(world: number): void;

  reset(episodes: readonly number[]): void {
    if (episodes.length !== this.worlds) throw new RangeError(`${this.worlds} worlds, but ${episodes.length} episodes`);
    for (let world = 0; world < this.worlds; world++) {
      this.random.begin(episodes[world]);
      this.place(world, this.random);
      this.begin(world);
    }
  }

  /** Begins every world's episode from a given start instead of a drawn one. */
  resetTo(starts: readonly Start[]): void {
    if (starts.length !== this.worlds) throw new RangeError(`${this.worlds} worlds, but ${starts.length} starts`);
    starts.forEach(({ agents, landmarks, goal }, world) => {
      this.positions.set(agents.flat(), this.agentAt(world, 0));
      this.landmarks.set(landmarks.flat(), this.landmarkAt(world, 0));
      this.goals[world] = goal;
      this.begin(world);
    });
  }

  step(actions: readonly (Float32Array | Float64Array)[]): void {
    this.checkActions(actions);
    for (let agent = 0; agent < this.agents.length; agent++) this.move(agent, actions[agent]);
    for (let world = 0; world < this.worlds; world++) {
      this.observe(world);
      this.pay(world);
    }
  }

  /** Begins a world's episode from where its agents and landmarks were put, everything at rest. */
  protected begin(world: number): void {
    const count = this.agents.length;
    this.velocities.fill(0, world * count * 2, (world + 1) * count * 2);
    this.maxSpeeds.fill(Infinity, world * count, (world + 1) * count);
    for (const rewards of this.rewards) rewards[world] = 0;
    this.observe(world);
  }

  /** Moves one agent of every world. Agents do not touch each other, so that their order does not matter. */
  private move(agent: number, actions: Float32Array | Float64Array): void {
    const { force, positions, velocities, walls } = this;
    for (let world = 0; world < this.worlds; world++) {
      const i = this.agentAt(world, agent);
      force[0] = SENSITIVITY * actions[world * 2];
      force[1] = SENSITIVITY * actions[world * 2 + 1];
      for (let w = 0; w < walls.length; w++) addWallForce(force, walls[w], positions, i, AGENT_RADIUS);
      velocities[i] = velocities[i] * (1 - DAMPING) + force[0] * STEP_SECONDS;
      velocities[i + 1] = velocities[i + 1] * (1 - DAMPING) + force[1] * STEP_SECONDS;
      this.slowDown(i, this.maxSpeeds[i / 2]);
      positions[i] += velocities[i] * STEP_SECONDS;
      positions[i + 1] += velocities[i + 1] * STEP_SECONDS;
    }
  }

  private slowDown(i: number, maxSpeed: number): void {
    if (maxSpeed === Infinity) return;
    const x = this.velocities[i];
    const y = this.velocities[i + 1];
    const speed = Math.sqrt(x * x + y * y);
    if (speed <= maxSpeed) return;
    this.velocities[i] = (x / speed) * maxSpeed;
    this.velocities[i + 1] = (y / speed) * maxSpeed;
  }

  private checkActions(actions: readonly (Float32Array | Float64Array)[]): void {
    if (actions.length !== this.agents.length)
      throw new RangeError(`step: ${this.agents.length} agents, but actions of ${actions.length}`);
    for (let agent = 0; agent < actions.length; agent++)
      if (actions[agent].length !== this.worlds * 2)
        throw new RangeError(
          `step: actions of agent ${agent} hold ${actions[agent].length} numbers, wanted [${this.worlds}, 2]`,
        );
  }
}
