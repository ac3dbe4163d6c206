/** Agents as a training left them, and how a red and a blue of physical deception play together. */
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import type { Environment } from '../environment';
import {
  act,
  AGENTS_FILE,
  CLEAN,
  LearningAgent,
  loadAgents,
  Maddpg,
  maddpgSchema,
  requireHiddenSize,
  ScriptedAgent,
} from '../maddpg';
import type { Agent, MaddpgConfig } from '../maddpg';
import { LEARNED, rulesOf, type Scenario } from '../scenario';
import { scenarioNamed } from '../scenarios';
import { ADVERSARY, follow, GOOD, physicalDeception } from '../scenarios/physical-deception';
import type { Actors } from './episodes';

const runSchema = z.looseObject({
  status: z.string(),
  // What an older version did not have yet is as in the preset.
  config: maddpgSchema.partial().required({ seed: true, hiddenSize: true, lr: true, episodeLength: true }).loose(),
  inputs: z.looseObject({
    // The only one there was when it was not said.
    scenario: z.string().default(physicalDeception.name),
    reward: z.string(),
    opponent: z.string(),
  }),
});

/** Agents as `soo rl train` left them. */
export interface TrainedRun<World extends Environment = Environment, Reward extends string = string> {
  scenario: Scenario<World, Reward>;
  /** All agents; to be disposed of by the caller. */
  agents: Maddpg;
  config: MaddpgConfig;
  reward: Reward;
  /** What agents learned against: one another (`learned`), or a rule of the scenario's. */
  opponent: string;
}

const readRun = (folder: string): z.infer<typeof runSchema> =>
  checkShape(runSchema, readJsonFile(join(folder, 'run.json')), 'run.json');

/** The scenario of a training's folder. @throws InputError when it holds none */
export const scenarioOf = (folder: string): Scenario => scenarioNamed(readRun(folder).inputs.scenario);

/**
 * Opens the agents of a training's folder.
 * @throws InputError when it holds none of the scenario's, or its training has not come to its end
 */
export function openTrained<World extends Environment, Reward extends string>(
  folder: string,
  scenario: Scenario<World, Reward>,
): TrainedRun<World, Reward> {
  const { status, config: kept, inputs } = readRun(folder);
  const { name, rewards, opponents } = scenario;
  if (inputs.scenario !== name)
    throw new InputError(`${folder}: wanted agents of ${name}, got agents of ${inputs.scenario}`);
  if (status !== 'done')
    throw new InputError(`${folder}: its training is ${status}, not done; --resume goes on with it`);
  const reward = among(rewards, inputs.reward, 'reward');
  const opponent = among([LEARNED, ...Object.keys(opponents)], inputs.opponent, 'opponent');
  const config: MaddpgConfig = { ...CLEAN, ...kept };
  const file = join(folder, AGENTS_FILE);
  const rules = rulesOf(scenario, opponent);
  const learners = scenario.agents.flatMap(({ name }) => (name in rules ? [] : [name]));
  requireHiddenSize(file, learners, config.hiddenSize);
  const agents = new Maddpg(scenario.agents, config, rules);
  try {
    loadAgents(file, agents.learners);
  } catch (thrown) {
    agents.dispose();
    throw thrown;
  }
  return { scenario, agents, config, reward, opponent };
}

function among<Name extends string>(known: readonly Name[], given: string, what: string): Name {
  const found = known.find((name) => name === given);
  if (found === undefined) throw new InputError(`run.json: ${what}: wanted one of ${known.join(', ')}, got ${given}`);
  return found;
}

/** A red and a blue that play together, whether they were trained together or not. */
export class Pair implements Actors {
  constructor(
    readonly red: Agent,
    readonly blue: LearningAgent,
  ) {}

  act(observations: readonly Float64Array[], actions: readonly Float32Array[]): void {
    act([this.red, this.blue], observations, actions);
  }
}

/** The red and the blue of a training. */
export function pairOf({ agents: { agents } }: { agents: Pick<Maddpg, 'agents'> }): Pair {
  const blue = agents[GOOD];
  if (!(blue instanceof LearningAgent)) throw new TypeError('the good agent must be one that learns');
  return new Pair(agents[ADVERSARY], blue);
}

/** The scripted red, which trusts blue. */
export const follower = (): ScriptedAgent => new ScriptedAgent(physicalDeception.agents[ADVERSARY], follow);
