/** `run.json`: what a folder's run is, from what, and how far it came. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { InputError } from '../../checkpoints/input-error';
import { checkShape, readJsonFile } from '../../checkpoints/json-file';
import { writeTextAside } from '../../checkpoints/write-aside';
import type { TuningConfig } from './config';

const NAME = 'run.json';

const resultSchema = z.object({
  steps: z.number(),
  microBatches: z.number(),
  finalLoss: z.number().nullable(),
  epochLosses: z.array(z.number()),
  resumedFrom: z.number().nullable(),
});

/** How a run came out. */
export type TuningResult = z.infer<typeof resultSchema>;

const runSchema = z.object({
  status: z.enum(['running', 'interrupted', 'failed', 'done']),
  /** Why it did not come to its end. */
  reason: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  /** Hashes of the model, the adapter to start from, and the data. */
  inputs: z.record(z.string(), z.unknown()),
  origin: z.record(z.string(), z.unknown()),
  result: resultSchema.optional(),
});

export type RunFile = Omit<z.infer<typeof runSchema>, 'config'> & { config: TuningConfig };

export function writeRunFile(folder: string, run: RunFile): void {
  writeTextAside(join(folder, NAME), `${JSON.stringify(run, null, 2)}\n`);
}

/**
 * The run that a folder holds already, if any.
 * @throws InputError when it is not to be resumed, or was made from other settings or data
 */
export function readEarlierRun(
  folder: string,
  wanted: { resume: boolean; config: TuningConfig; inputs: Readonly<Record<string, unknown>> },
): z.infer<typeof runSchema> | undefined {
  const path = join(folder, NAME);
  if (!existsSync(path)) return undefined;
  if (!wanted.resume) throw new InputError(`${folder}: holds a run already; resume it, or choose another folder`);
  const earlier = checkShape(runSchema, readJsonFile(path), NAME);
  requireSame('set to', earlier.config, wanted.config);
  requireSame('made from', earlier.inputs, wanted.inputs);
  return earlier;
}

function requireSame(how: string, earlier: object, wanted: object): void {
  const [before, now] = [earlier, wanted].map((one) => JSON.parse(JSON.stringify(one)) as Record<string, unknown>);
  const other = [...new Set([...Object.keys(before), ...Object.keys(now)])].find(
    (key) => !isDeepStrictEqual(before[key], now[key]),
  );
  if (other === undefined) return;
  const [was, is] = [before[other], now[other]].map((value) => JSON.stringify(value));
  throw new InputError(`${NAME}: the run to resume was ${how} ${other} ${was}, but now it is ${is}`);
}
