import type { AgentShape } from '../environment';
import type { Scenario } from '../scenario';
import type { EpisodeRandom } from '../world/episode-random';
import { ParticleWorlds, type WorldOptions } from '../world/particle-worlds';
import { distance, writeOffset } from '../world/vectors';

/**
 * The classic `simple_adversary` of the public particle environments: one adversary (agent 0) and N good agents in the
 * open, N landmarks, everybody sees everything, except that only the good agents know which landmark is the goal.
 *
 * - The adversary sees the landmarks and the good agents; a good agent sees the goal, the landmarks and the others.
 * - The adversary earns minus its distance to the goal; each good agent earns the adversary's distance minus that of
 *   the nearest good agent.
 *
 * Source: `simple_adversary` of Farama's MPE2, with the integration of the original (and of PettingZoo up to 1.22),
 * where the position moves by the new velocity; MPE2's moves by the old one. The original squares the adversary's own
 * distance. Episodes there last 25 steps.
 */
export class SimpleAdversary extends ParticleWorlds {
  constructor({ goodAgents = GOOD_AGENTS, ...options }: WorldOptions & { goodAgents?: number }) {
    if (!Number.isSafeInteger(goodAgents) || goodAgents < 1)
      throw new RangeError(`goodAgents must be at least 1, got ${goodAgents}`);
    super({ agents: agentsBeside(goodAgents), landmarks: goodAgents, walls: [] }, options);
  }

  protected override place(world: number, random: EpisodeRandom): void {
    const { agents, landmarkCount, landmarks, positions } = this;
    this.goals[world] = random.below(landmarkCount);
    for (let i = this.agentAt(world, 0); i < this.agentAt(world, agents.length); i++)
      positions[i] = random.uniform(-1, 1);
    for (let i = this.landmarkAt(world, 0); i < this.landmarkAt(world, landmarkCount); i++)
      landmarks[i] = random.uniform(-1, 1);
  }

  protected override observe(world: number): void {
    const { agents, landmarkCount, landmarks, positions } = this;
    for (let agent = 0; agent < agents.length; agent++) {
      const sees = this.observations[agent];
      const self = this.agentAt(world, agent);
      let at = world * agents[agent].observationSize;
      if (agent > 0) {
        writeOffset(sees, at, landmarks, this.goalAt(world), positions, self);
        at += 2;
      }
      for (let landmark = 0; landmark < landmarkCount; landmark++, at += 2)
        writeOffset(sees, at, landmarks, this.landmarkAt(world, landmark), positions, self);
      for (let other = 0; other < agents.length; other++) {
        if (other === agent) continue;
        writeOffset(sees, at, positions, this.agentAt(world, other), positions, self);
        at += 2;
      }
    }
  }

  protected override pay(world: number): void {
    const nearest = this.nearestToGoal(world);
    const adversary = this.distanceFromGoal(world, 0);
    this.rewards[0][world] = -adversary;
    for (let agent = 1; agent < this.agents.length; agent++) this.rewards[agent][world] = adversary - nearest;
  }

  distanceFromGoal(world: number, agent: number): number {
    return distance(this.positions, this.agentAt(world, agent), this.landmarks, this.goalAt(world));
  }

  /** The distance of the nearest good agent. */
  nearestToGoal(world: number): number {
    let nearest = Infinity;
    for (let agent = 1; agent < this.agents.length; agent++)
      nearest = Math.min(nearest, this.distanceFromGoal(world, agent));
    return nearest;
  }
}

const GOOD_AGENTS = 2;

function agentsBeside(goodAgents: number): AgentShape[] {
  const good = Array.from({ length: goodAgents }, (_, i) => `agent_${i}`);
  return [
    { name: 'adversary_0', observationSize: 4 * goodAgents, actionSize: 2 },
    ...good.map((name) => ({ name, observationSize: 2 + 4 * goodAgents, actionSize: 2 })),
  ];
}

const printDistance = (mean: number): string => `${mean.toFixed(2)} away when the episode ends`;

export const simpleAdversary: Scenario<SimpleAdversary, 'distance'> = {
  name: 'simple-adversary',
  agents: agentsBeside(GOOD_AGENTS),
  landmarks: GOOD_AGENTS,
  rewards: ['distance'],
  episodeLength: 25,
  opponents: {},
  measures: [
    {
      name: 'adversaryDistance',
      label: 'adversary, from the goal',
      at: 'end',
      of: (world, index) => world.distanceFromGoal(index, 0),
      print: printDistance,
    },
    {
      name: 'goodDistance',
      label: 'nearest good agent, from the goal',
      at: 'end',
      of: (world, index) => world.nearestToGoal(index),
      print: printDistance,
    },
  ],
  make: ({ worlds, seed }) => new SimpleAdversary({ worlds, seed }),
};
