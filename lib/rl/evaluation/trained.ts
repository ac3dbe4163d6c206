import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { AGENTS_FILE, CLEAN, loadAgents, Maddpg, type MaddpgConfig } from '../maddpg';
import { follow } from '../scenarios/follower';
import { PhysicalDeception, REWARDS, type Reward } from '../scenarios/physical-deception';

const runSchema = z.looseObject({
  status: z.string(),
  config: z.looseObject({ seed: z.int(), hiddenSize: z.int().min(1), lr: z.number(), episodeLength: z.int().min(1) }),
  inputs: z.looseObject({
    scenario: z.literal('physical-deception', 'must be physical-deception'),
    reward: z.enum(REWARDS),
    opponent: z.enum(['learned', 'follower']),
  }),
});

/** Agents of physical deception as `soo rl train` left them. */
export interface TrainedRun {
  /** Both agents; to be disposed of by the caller. */
  agents: Maddpg;
  config: MaddpgConfig;
  reward: Reward;
  opponent: 'learned' | 'follower';
}

/**
 * Opens the agents of a training's folder.
 * @throws InputError when it holds none, or its training has not come to its end
 */
export function openTrained(folder: string): TrainedRun {
  const { status, config: kept, inputs } = checkShape(runSchema, readJsonFile(join(folder, 'run.json')), 'run.json');
  if (status !== 'done')
    throw new InputError(`${folder}: its training is ${status}, not done; --resume goes on with it`);
  const config: MaddpgConfig = { ...CLEAN, ...kept };
  const shapes = new PhysicalDeception({ reward: inputs.reward, worlds: 1, seed: 0 }).agents;
  const agents = new Maddpg(shapes, config, inputs.opponent === 'follower' ? { adversary: follow } : {});
  try {
    loadAgents(join(folder, AGENTS_FILE), agents.learners);
  } catch (thrown) {
    agents.dispose();
    throw thrown;
  }
  return { agents, config, reward: inputs.reward, opponent: inputs.opponent };
}
