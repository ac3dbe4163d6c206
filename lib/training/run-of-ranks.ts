/** One run of several ranks: the first has its folder, the others work beside it. */
import type { ProcessGroup } from '../distributed';
import { InputError } from '../files/input-error';
import { hashJson } from './origin';
import { runInFolder, type RunFolderOptions } from './run-folder';

/**
 * {@link runInFolder} on the first rank, and the same work on the others, without a folder.
 * @param work hands back the result on the first rank; `begin` is waited for
 * @returns the first rank's result, on every rank
 * @throws InputError on every rank where one was given other settings or data; what ends the first rank ends the others
 */
export async function runOfRanks<Config extends object, Result>(
  options: RunFolderOptions<Config, Result>,
  group: ProcessGroup | undefined,
  work: (begin: () => Promise<void>) => Promise<Result | undefined>,
): Promise<Result> {
  if (!group) return runInFolder(options, (begin) => work(async () => begin()) as Promise<Result>);
  await requireSameRun(options, group);
  return group.rank === 0 ? runFirst(options, group, work) : runBeside(group, work);
}

/** What the first rank tells when it begins: the result, of a run that is done already. */
interface Word<Result> {
  done: Result | null;
}

async function runFirst<Config extends object, Result>(
  options: RunFolderOptions<Config, Result>,
  group: ProcessGroup,
  work: (begin: () => Promise<void>) => Promise<Result | undefined>,
): Promise<Result> {
  const result = await runInFolder(options, async (begin) => {
    const own = await work(async () => {
      begin();
      await group.told<Word<Result>>({ done: null });
    });
    return own as Result;
  });
  await group.told<Word<Result>>({ done: result });
  return result;
}

async function runBeside<Result>(
  group: ProcessGroup,
  work: (begin: () => Promise<void>) => Promise<unknown>,
): Promise<Result> {
  const first = await group.told<Word<Result>>();
  if (first.done !== null) return first.done;
  await work(async () => undefined);
  return (await group.told<Word<Result>>()).done as Result;
}

async function requireSameRun<Config extends object, Result>(
  { config, inputs }: RunFolderOptions<Config, Result>,
  group: ProcessGroup,
): Promise<void> {
  const hashes = await group.allGatherJson([hashJson(config), hashJson(inputs)]);
  const other = hashes.findIndex(([settings, data]) => settings !== hashes[0][0] || data !== hashes[0][1]);
  if (other < 0) return;
  const what = hashes[other][0] === hashes[0][0] ? 'made from other data' : 'given other settings';
  throw new InputError(`rank ${other} was ${what} than rank 0: start all ranks with the same command`);
}
