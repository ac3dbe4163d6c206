/** What a study's folder holds of each task: the one source of tables, claims and reports. */
import { readMeasured, type Measured } from './measured';
import { readRecords, type StudyRecord } from './records';
import { recordsPath, stateOf, tasksOf, type Task, type TaskState } from './tasks';
import type { Study } from './study-file';

export interface Outcome {
  task: Task;
  state: TaskState;
  /** null until it is done. */
  done: { measured: Measured; records: readonly StudyRecord[] } | null;
}

/** @param kept outcomes of tasks that were at their end when they were read before; more are added */
export function readOutcomes(
  folder: string,
  study: Pick<Study, 'arms' | 'seeds'>,
  kept = new Map<string, Outcome>(),
): Outcome[] {
  return tasksOf(study).map((task) => {
    const before = kept.get(task.id);
    if (before) return before;
    const state = stateOf(folder, task.id);
    const done = state.status === 'done' ? { measured: readMeasured(folder, task.id), records: readRecords(recordsPath(folder, task.id)).records } : null; // prettier-ignore
    const outcome: Outcome = { task, state, done };
    if (state.status !== 'left') kept.set(task.id, outcome);
    return outcome;
  });
}

/** Of one arm, those that are done, in the order of their seeds. */
export const doneOf = (outcomes: readonly Outcome[], arm: string): (Outcome & { done: NonNullable<Outcome['done']> })[] =>
  outcomes.filter((one): one is Outcome & { done: NonNullable<Outcome['done']> } => one.done !== null && one.task.arm.name === arm); // prettier-ignore
