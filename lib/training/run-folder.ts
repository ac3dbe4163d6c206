/** A run in a folder of its own; `run.json` tells what it is, from what, and how far it came. */
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EndedElsewhere } from '../distributed';
import { lockPlace, makeFolders } from '../files/folders';
import { InputError } from '../files/input-error';
import { checkShape, readJsonFile } from '../files/json-file';
import { writeTextAside } from '../files/write-aside';
import { otherSetting } from './other-setting';

/** What tells of a run. */
export const RUN = 'run.json';
/** What an unfinished run goes on from. */
export const CHECKPOINT = 'checkpoint.safetensors';

const runSchema = z.object({
  status: z.enum(['running', 'interrupted', 'failed', 'done']),
  /** Why it did not come to its end. */
  reason: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  /** Hashes of what goes in. */
  inputs: z.record(z.string(), z.unknown()),
  /** Versions, machine and command. */
  origin: z.record(z.string(), z.unknown()),
});

export type RunFile<Config extends object, Result> = Omit<z.infer<typeof runSchema>, 'config'> & {
  config: Config;
  result?: Result;
};

function writeRunFile<Config extends object, Result>(folder: string, run: RunFile<Config, Result>): void {
  writeTextAside(join(folder, RUN), `${JSON.stringify(run, null, 2)}\n`);
}

/**
 * The run that a folder holds already, if any.
 * @param wanted.free settings that change no result, so that a run may go on with others
 * @throws InputError when it is not to be resumed, or was made from other settings or data
 */
function readEarlierRun<Result>(
  folder: string,
  wanted: Omit<RunFolderOptions<object, Result>, 'folder' | 'origin' | 'signal'>,
): { status: RunFile<object, Result>['status']; result?: Result } | undefined {
  const path = join(folder, RUN);
  if (!existsSync(path)) {
    const foreign = [...wanted.files, CHECKPOINT].find((name) => existsSync(join(folder, name)));
    if (foreign === undefined) return undefined;
    throw new InputError(`${folder}: holds ${foreign}, but no ${RUN}: no run of ours made it; choose another folder`);
  }
  if (!wanted.resume) throw new InputError(`${folder}: holds a run already; resume it, or choose another folder`);
  const schema = runSchema.extend({ result: wanted.resultSchema.optional() });
  const earlier = checkShape(schema, readJsonFile(path), RUN);
  requireSame('set to', earlier.config, wanted.config, wanted.free);
  requireSame('made from', earlier.inputs, wanted.inputs);
  return earlier;
}

export interface RunFolderOptions<Config extends object, Result> {
  folder: string;
  config: Config;
  /** Goes on with what the folder holds; with nothing in it, starts. */
  resume: boolean;
  inputs: RunFile<Config, Result>['inputs'];
  origin: RunFile<Config, Result>['origin'];
  signal?: AbortSignal;
  /** What the work writes there beside `run.json`. */
  files: readonly string[];
  /** Settings that change no result. */
  free?: readonly string[];
  resultSchema: z.ZodType<Result>;
}

/**
 * Does a run's work in its folder and keeps its state there: running, then done with the result, interrupted or failed
 * with the reason. A run that is done already is not done again. Nobody else writes there meanwhile.
 * @param work calls `begin` when it is ready to: what is refused before leaves no run behind
 * @throws InputError when the folder holds another run or files of others, or another process works in it; what `work`
 * throws
 */
export async function runInFolder<Config extends object, Result>(
  options: RunFolderOptions<Config, Result>,
  work: (begin: () => void) => Promise<Result>,
): Promise<Result> {
  const { folder } = options;
  const doneBefore = (): Result | undefined => {
    const earlier = readEarlierRun(folder, options);
    return earlier?.status === 'done' ? earlier.result : undefined;
  };
  const before = doneBefore();
  if (before !== undefined) return before;
  const isNew = !existsSync(folder);
  makeFolders(folder);
  try {
    using _lock = lockPlace(folder);
    // Until it was locked another process could have come to its end.
    return doneBefore() ?? (await workInFolder(options, work));
  } finally {
    if (isNew) removeIfEmpty(folder);
  }
}

async function workInFolder<Config extends object, Result>(
  { folder, config, inputs, origin, signal }: RunFolderOptions<Config, Result>,
  work: (begin: () => void) => Promise<Result>,
): Promise<Result> {
  const about = (more: Pick<RunFile<Config, Result>, 'status' | 'reason' | 'result'>): void =>
    writeRunFile(folder, { ...more, config, inputs, origin });
  let begun = false;
  try {
    const result = await work(() => {
      about({ status: 'running' });
      begun = true;
    });
    about({ status: 'done', result });
    rmSync(join(folder, CHECKPOINT), { force: true });
    return result;
  } catch (thrown) {
    try {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      const isEnded = signal?.aborted || thrown instanceof EndedElsewhere;
      if (begun) about({ status: isEnded ? 'interrupted' : 'failed', reason });
    } catch {
      // A disk that is full for the run is full for this note too: what went wrong first is what is told.
    }
    throw thrown;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A run is in it.
  }
}

function requireSame(how: string, earlier: object, wanted: object, free?: readonly string[]): void {
  const other = otherSetting(earlier, wanted, free);
  if (other)
    throw new InputError(`${RUN}: the run to resume was ${how} ${other.name} ${other.was}, but now it is ${other.is}`);
}
