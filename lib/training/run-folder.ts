/** `run.json`: what a folder's run is, from what, and how far it came. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { InputError } from '../files/input-error';
import { checkShape, readJsonFile } from '../files/json-file';
import { writeTextAside } from '../files/write-aside';

const NAME = 'run.json';

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

export function writeRunFile<Config extends object, Result>(folder: string, run: RunFile<Config, Result>): void {
  writeTextAside(join(folder, NAME), `${JSON.stringify(run, null, 2)}\n`);
}

/**
 * The run that a folder holds already, if any.
 * @param wanted.free settings that change no result, so that a run may go on with others
 * @throws InputError when it is not to be resumed, or was made from other settings or data
 */
export function readEarlierRun<Result>(
  folder: string,
  wanted: { resume: boolean; config: object; inputs: Readonly<Record<string, unknown>>; free?: readonly string[] },
  resultSchema: z.ZodType<Result>,
): { status: RunFile<object, Result>['status']; result?: Result } | undefined {
  const path = join(folder, NAME);
  if (!existsSync(path)) return undefined;
  if (!wanted.resume) throw new InputError(`${folder}: holds a run already; resume it, or choose another folder`);
  const schema = runSchema.extend({ result: resultSchema.optional() });
  const earlier = checkShape(schema, readJsonFile(path), NAME);
  requireSame('set to', earlier.config, wanted.config, wanted.free);
  requireSame('made from', earlier.inputs, wanted.inputs);
  return earlier;
}

function requireSame(how: string, earlier: object, wanted: object, free: readonly string[] = []): void {
  const [before, now] = [earlier, wanted].map((one) => JSON.parse(JSON.stringify(one)) as Record<string, unknown>);
  const other = [...new Set([...Object.keys(before), ...Object.keys(now)])].find(
    (key) => !free.includes(key) && !isDeepStrictEqual(before[key], now[key]),
  );
  if (other === undefined) return;
  const [was, is] = [before[other], now[other]].map((value) => JSON.stringify(value));
  throw new InputError(`${NAME}: the run to resume was ${how} ${other} ${was}, but now it is ${is}`);
}
