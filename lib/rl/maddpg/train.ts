/** A training in a folder of its own: never lost, and taken up again to the same bits. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { z } from 'zod';
import { checkShape } from '../../files/json-file';
import { LineLog } from '../../files/json-lines';
import { mean } from '../../statistics';
import { CHECKPOINT, runInFolder, type RunFile } from '../../training/run-folder';
import { savingTimer } from '../../training/saving-timer';
import type { Environment } from '../environment';
import type { Rules } from '../scenario';
import { loadTraining, saveAgents, saveTraining } from './checkpoint';
import { maddpgSchema, type MaddpgConfig } from './config';
import type { AuxiliaryStep, Maddpg } from './maddpg';
import { Training, type GroupRecord } from './training';

/** The trained agents in a run's folder. */
export const AGENTS_FILE = 'agents.safetensors';
const LOG = 'episodes.jsonl';

/** Of the time between two checkpoints, what writing them may take: a full replay buffer is 150 MB. */
const SAVING_SHARE = 0.01;

const resultSchema = z.object({
  episodes: z.number(),
  envSteps: z.number(),
  rounds: z.number(),
  /** Means over the last tenth of the episodes, by agent. */
  returns: z.record(z.string(), z.number()),
  /** The episode from which the run was last taken up again. */
  resumedFrom: z.number().nullable(),
});
export type TrainingResult = z.infer<typeof resultSchema>;

type TrainingRunFile = RunFile<MaddpgConfig, TrainingResult>;

export interface TrainingRunOptions {
  /** Gets `agents.safetensors`, `run.json`, `episodes.jsonl`, and while it runs `checkpoint.safetensors`. */
  folder: string;
  /** As many worlds as `config` names. */
  environment: Environment;
  /** Whatever else makes the run what it is belongs into `inputs`: the scenario, its reward, the rules. */
  config: MaddpgConfig;
  /** By agent's name: rules in the place of policies. */
  rules?: Rules;
  /** What every round takes beside the updates. */
  auxiliary?: AuxiliaryStep;
  /** Sets up agents that are not to begin as they are drawn; also before a run that is resumed. */
  prepare?: (agents: Maddpg) => void;
  /** Goes on with what the folder holds; with nothing in it, starts. */
  resume?: boolean;
  inputs: TrainingRunFile['inputs'];
  origin: TrainingRunFile['origin'];
  /** Saves, and stops before the next group of episodes. */
  signal?: AbortSignal;
  /** All is set up, and the first group comes next. From here on the signal is looked at after each. */
  onBegin?: () => void;
  /** After every group of episodes. */
  onGroup?: (record: GroupRecord, training: Training) => void;
}

/**
 * Trains agents as the configuration says.
 * @throws InputError when a setting is not what it may be, or the folder holds another run, the signal's reason after an abort
 */
export function train(options: TrainingRunOptions): Promise<TrainingResult> {
  const { folder, environment, config, rules, auxiliary, resume = false } = options;
  checkShape(maddpgSchema, config, 'config');
  return runInFolder({ ...options, resume, files: [AGENTS_FILE, LOG], resultSchema }, async (begin) => {
    begin();
    const training = new Training(environment, config, rules, auxiliary);
    try {
      options.prepare?.(training.maddpg);
      const result = await playAll(options, training);
      saveAgents(join(folder, AGENTS_FILE), training.maddpg);
      return result;
    } finally {
      training.dispose();
    }
  });
}

async function playAll(options: TrainingRunOptions, training: Training): Promise<TrainingResult> {
  const { folder, config, signal, onGroup, resume } = options;
  const checkpoint = join(folder, CHECKPOINT);
  const resumed = resume === true && existsSync(checkpoint);
  if (resumed) loadTraining(checkpoint, training);
  const from = training.position.episodes;
  options.onBegin?.();
  const log = new LineLog<GroupRecord>(join(folder, LOG), Math.ceil(from / config.worlds));
  const timer = savingTimer(SAVING_SHARE, () => {
    log.sync();
    saveTraining(checkpoint, training);
  });
  try {
    while (!training.done) {
      if (signal?.aborted) timer.save(undefined);
      signal?.throwIfAborted();
      const record = training.playGroup();
      log.append(record);
      onGroup?.(record, training);
      if (timer.isDue()) timer.save(undefined);
      await eventLoopTurn(); // lets signals in
    }
    return resultOf(log.read(), training, resumed ? from : null);
  } finally {
    log.close();
  }
}

function resultOf(records: readonly GroupRecord[], training: Training, resumedFrom: number | null): TrainingResult {
  const last = records.slice(-Math.ceil(records.length / 10));
  const names = training.environment.agents.map(({ name }) => name);
  return {
    ...training.position,
    returns: Object.fromEntries(names.map((name) => [name, mean(last.map(({ returns }) => returns[name]))])),
    resumedFrom,
  };
}
