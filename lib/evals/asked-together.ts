/** Scenarios that several ranks answer, each other batches of them. */
import { EndedElsewhere, type ProcessGroup } from '../distributed';
import type { LanguageModel } from '../models';
import { askScenarios, type Asked, type DeceptionOptions, type DeceptionRecord } from './deception';

/**
 * {@link askScenarios} of several ranks: each answers every size-th batch, and every rank is told all records, in the
 * order in which one process tells them. Every rank is given the same.
 * @throws the signal's reason, on the other ranks {@link EndedElsewhere}, once the batches before are told
 */
export async function* askTogether(
  model: LanguageModel,
  asked: readonly Asked[],
  options: DeceptionOptions,
  group: ProcessGroup | undefined,
): AsyncGenerator<DeceptionRecord[]> {
  if (!group) return yield* askScenarios(model, asked, options);
  const { batchSize, signal } = options;
  for (let at = 0; at < asked.length; at += batchSize * group.size) {
    const from = at + batchSize * group.rank;
    const own = await answered(model, asked.slice(from, from + batchSize), options);
    const all = await group.allGatherJson(own);
    const isEnded = all.includes(null);
    for (const records of isEnded ? all.slice(0, all.indexOf(null)) : all)
      if (records && records.length > 0) yield records;
    if (isEnded) signal?.throwIfAborted();
    if (isEnded) throw new EndedElsewhere();
  }
}

/** The records of a batch; null after an abort. */
async function answered(
  model: LanguageModel,
  batch: readonly Asked[],
  options: DeceptionOptions,
): Promise<DeceptionRecord[] | null> {
  const { signal } = options;
  const records: DeceptionRecord[] = [];
  try {
    signal?.throwIfAborted();
    for await (const some of askScenarios(model, batch, options)) records.push(...some);
    return records;
  } catch (thrown) {
    if (signal?.aborted && thrown === signal.reason) return null;
    throw thrown;
  }
}
