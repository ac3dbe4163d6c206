/** The pieces of a study's work: one arm with one seed each; and how each stands, told by the files in its folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkShape, readJsonFile } from '../../files/json-file';
import { isTuned } from './arms';
import type { Study, StudyArm } from './study-file';

export interface Task {
  id: string;
  arm: StudyArm;
  /** null where nothing is tuned. */
  seed: number | null;
}

/** What is not tuned, then seed by seed, so that an interrupted study has some of everything. */
export function tasksOf({ arms, seeds }: Pick<Study, 'arms' | 'seeds'>): Task[] {
  const untuned = arms.filter(({ kind }) => !isTuned(kind));
  const tuned = arms.filter(({ kind }) => isTuned(kind));
  return [
    ...untuned.map((arm) => ({ id: arm.name, arm, seed: null })),
    ...seeds.flatMap((seed) => tuned.map((arm) => ({ id: `${arm.name}-${seed}`, arm, seed }))),
  ];
}

export const TASKS = 'tasks';
export const RECORDS = 'records';
export const MEASURED = 'measured.json';
export const FAILED = 'failed.json';

export const taskFolder = (study: string, id: string): string => join(study, TASKS, id);
export const recordsPath = (study: string, id: string): string => join(study, RECORDS, `${id}.jsonl`);

const failedSchema = z.object({ reason: z.string() });

export type TaskState = { status: 'left' } | { status: 'done' } | { status: 'failed'; reason: string };

/** A task that met NaN is at its end too: it would meet it again. */
export function stateOf(study: string, id: string): TaskState {
  const folder = taskFolder(study, id);
  if (existsSync(join(folder, MEASURED))) return { status: 'done' };
  const path = join(folder, FAILED);
  if (!existsSync(path)) return { status: 'left' };
  return { status: 'failed', reason: checkShape(failedSchema, readJsonFile(path), FAILED).reason };
}
