/** Commands that several processes run together, as torchrun, Slurm or Kubeflow start them. */
import type { Command } from 'commander';
import { RANK_TIMEOUT_MS, rankEnvironment, withProcessGroup, type ProcessGroup } from '../distributed';
import { InputError, type Given, type Result } from './command';
import { integer } from './options';

const DEFAULT_SECONDS = RANK_TIMEOUT_MS / 1000;

export function addRankOptions(command: Command): void {
  command.option(
    '--rank-timeout <s>',
    'seconds that processes started together (torchrun, Slurm, Kubeflow) wait for each other',
    integer({ min: 1, max: 1_000_000 }),
    DEFAULT_SECONDS,
  );
}

/** What a rank works with: its group, which several have, and the options with its own GPU in the place of `cuda`. */
export interface AsRank {
  group: ProcessGroup | undefined;
  own: Given;
}

/** Runs a command as the rank that the environment says it is, alone where it says nothing; only the first rank prints. */
export function asRank(given: Given, work: (rank: AsRank) => Promise<Result>): Promise<Result> {
  const environment = rankEnvironment();
  const timeoutMs = Number(given.rankTimeout ?? DEFAULT_SECONDS) * 1000;
  if (given.deviceMap !== undefined && environment && environment.localSize > 1)
    throw new InputError(
      '--device-map: takes every accelerator of its machine, where several ranks have one each (--device cuda)',
    );
  const device = environment && given.device === 'cuda' ? `cuda:${environment.localRank}` : given.device;
  return withProcessGroup(
    environment,
    async (group) => ({ ...(await work({ group, own: { ...given, device } })), quiet: isQuiet(group) }),
    { timeoutMs },
  );
}

/** Whether another rank tells what there is to tell. */
export const isQuiet = (group: ProcessGroup | undefined): boolean => group !== undefined && group.rank > 0;
