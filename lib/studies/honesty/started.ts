/** `study.json`: what a study's folder was begun with. All processes that work there read it, and the first writes it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lockWhenFree } from '../../files/folders';
import { InputError, oneLine } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { originSchema } from '../../training';
import { otherSetting, type OtherSetting } from '../../training/other-setting';
import { SPLITS } from './index-ranges';
import { parseStudy } from './study-file';

export const STARTED_FORMAT = 'soo-torch study folder 1';
export const STARTED = 'study.json';

const startedSchema = z.object({
  format: z.literal(STARTED_FORMAT),
  /** Of the study file. */
  sha256: z.string(),
  frozenAt: z.string().nullable(),
  /** Why no claim is confirmed here; null where they are. */
  exploratory: z.string().nullable(),
  split: z.enum(SPLITS),
  /** libtorch's threads in each process: they decide in which order numbers are added. */
  threads: z.int().min(1),
  inputs: z.record(z.string(), z.string()),
  origin: originSchema,
  /** As it stands in the file. */
  study: z.unknown(),
});
export type Started = z.infer<typeof startedSchema>;

/** @throws InputError for a folder in which no study was begun */
export function readStarted(folder: string): Started {
  const path = join(folder, STARTED);
  if (!existsSync(path)) throw new InputError(`${folder}: holds no ${STARTED}: no study was begun there`);
  return checkShape(startedSchema, readJsonFile(path), STARTED);
}

/** Settings that change no number that is measured. Arms and seeds may come in later. */
const FREE = ['name', 'claims', 'batch', 'seeds'];

/**
 * Begins a folder, or goes on with one.
 * @returns what it was begun with: its origin and threads stay those of the first command
 * @throws InputError for a folder of another study, or results of something else
 */
export async function startIn(folder: string, now: Started, signal: AbortSignal): Promise<Started> {
  using _lock = await lockWhenFree(join(folder, '.soo-lock'), { signal });
  const path = join(folder, STARTED);
  const write = (started: Started): Started => {
    writeTextAside(path, `${JSON.stringify(started, null, 2)}\n`);
    return started;
  };
  if (!existsSync(path)) {
    if (existsSync(join(folder, 'results.json')))
      throw new InputError(`${folder}: holds results.json, but no ${STARTED}: choose another folder`);
    return write(now);
  }
  const earlier = readStarted(folder);
  requireSame(folder, earlier, now);
  if (earlier.sha256 === now.sha256) return earlier;
  const { origin, threads } = earlier;
  const exploratory = earlier.exploratory ?? now.exploratory ?? 'the study file was changed after the study had begun';
  return write({ ...now, origin, threads, exploratory });
}
function requireSame(folder: string, earlier: Started, now: Started): void {
  const refuse = ({ name, was, is }: OtherSetting): never => {
    const [before, after] = [was, is].map((text) => oneLine(text ?? 'nothing', 60));
    throw new InputError(`${folder}: was begun with ${name} ${before}, but now it is ${after}; choose another folder`);
  };
  const [before, after] = [earlier, now].map(({ split, inputs, study }) => {
    const { arms, ...settings } = parseStudy(study, STARTED);
    return { split: { split }, inputs, settings, arms };
  });
  const other =
    otherSetting(before.split, after.split) ??
    otherSetting(before.inputs, after.inputs) ??
    otherSetting(before.settings, after.settings, FREE);
  if (other) refuse(other);
  for (const arm of after.arms) {
    const same = before.arms.find(({ name }) => name === arm.name);
    const changed = same && otherSetting(same, arm);
    if (changed) refuse({ ...changed, name: `${changed.name} of the arm ${arm.name}` });
  }
}
