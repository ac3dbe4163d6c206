/** Freezing a study: its file, its data and its split are written down before any result exists. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { otherSetting } from '../../training/other-setting';
import { rangeText, SPLITS, type Split } from './index-ranges';
import type { StudyFile } from './study-file';

export const LOCK_FORMAT = 'soo-torch study lock 1';

/** sha256 of what a study reads: the model's files, pairs, texts, and the items of each set and split. */
export type StudyInputs = Record<string, string>;

const lockSchema = z.object({
  format: z.literal(LOCK_FORMAT),
  study: z.string(),
  /** Of the study file. */
  sha256: z.string(),
  frozenAt: z.string(),
  inputs: z.record(z.string(), z.string()),
  /** Items of each set, as `0-49`. */
  split: z.record(z.string(), z.partialRecord(z.enum(SPLITS), z.string())),
});
export type StudyLock = z.infer<typeof lockSchema>;

/** Beside the study file, or in a study's folder. */
export const lockPath = (file: string, folder?: string): string =>
  folder === undefined ? `${file}.lock.json` : join(folder, 'study.lock.json');

/** The lock of a study: of the folder it runs in, else beside its file; null where it was never frozen. */
export function readLock(file: string, folder: string): StudyLock | null {
  const path = [lockPath(file, folder), lockPath(file)].find(existsSync);
  return path === undefined ? null : checkShape(lockSchema, readJsonFile(path), basename(path));
}

/**
 * @param folder gets the lock, and must hold no results yet; by default it stands beside the file
 * @returns the lock and where it is; the earlier one where the same file with the same data was frozen before
 * @throws InputError where it was frozen with another content, or results are there already
 */
export function freezeStudy(
  { study, path: file, sha256 }: StudyFile,
  inputs: StudyInputs,
  { folder, now = new Date() }: { folder?: string; now?: Date } = {},
): { path: string; lock: StudyLock } {
  if (folder !== undefined && existsSync(join(folder, 'study.json')))
    throw new InputError(`${folder}: was begun already; a study is frozen before it is run`);
  const path = lockPath(file, folder);
  const split = Object.fromEntries(study.scenarios.map((set) => [set.name, rangesOf(set)]));
  const lock: StudyLock = {
    format: LOCK_FORMAT,
    study: study.name,
    sha256,
    frozenAt: now.toISOString(),
    inputs,
    split,
  };
  if (existsSync(path)) {
    const earlier = checkShape(lockSchema, readJsonFile(path), basename(path));
    const other = otherSetting(earlier, lock, ['frozenAt']);
    if (!other) return { path, lock: earlier };
    throw new InputError(`${path}: was frozen on ${earlier.frozenAt} with another ${other.name}; a new study wants a new file`); // prettier-ignore
  }
  writeTextAside(path, `${JSON.stringify(lock, null, 2)}\n`);
  return { path, lock };
}

const rangesOf = (set: StudyFile['study']['scenarios'][number]): Partial<Record<Split, string>> =>
  Object.fromEntries(SPLITS.flatMap((split) => (set[split] ? [[split, rangeText(set[split])]] : [])));

/**
 * Why no claim of a run can be called confirmed; null where one can.
 * @param inputs of the run; a lock knows those of the other split as well
 */
export function whyExploratory(
  { sha256 }: StudyFile,
  lock: StudyLock | null,
  { split, inputs }: { split: Split; inputs: StudyInputs },
): string | null {
  if (split === 'development') return 'judged on development items';
  if (!lock) return 'the study file was never frozen';
  if (lock.sha256 !== sha256) return 'the study file was changed after it was frozen';
  const changed = Object.keys(inputs).find((name) => lock.inputs[name] !== inputs[name]);
  return changed === undefined ? null : `${changed} was changed after the study was frozen`;
}
