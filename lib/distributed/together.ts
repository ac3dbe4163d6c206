import { messageOf } from '../files/input-error';
import type { RankEnvironment } from './environment';
import { isRankLost, ProcessGroup } from './process-group';

/**
 * Runs `work` as one rank of the group that the environment tells of, or alone where it tells of none. What one rank
 * throws, the others are told.
 * @param options.timeoutMs how long ranks wait for each other
 */
export async function withProcessGroup<T>(
  environment: RankEnvironment | undefined,
  work: (group: ProcessGroup | undefined) => Promise<T>,
  { timeoutMs }: { timeoutMs?: number } = {},
): Promise<T> {
  if (!environment) return work(undefined);
  const { rank, size, host, port, hostsStore, attempt } = environment;
  const group = await ProcessGroup.connect({ rank, size, host, port, hostsStore, attempt, timeoutMs });
  try {
    const result = await work(group);
    await group.close();
    return result;
  } catch (thrown) {
    if (isRankLost(thrown)) await group.close();
    else await group.fail(messageOf(thrown));
    throw thrown;
  }
}

/** The work was ended by a signal that another rank got. */
export class EndedElsewhere extends Error {
  constructor() {
    super('ended with another rank, which was interrupted');
    this.name = 'EndedElsewhere';
  }
}
