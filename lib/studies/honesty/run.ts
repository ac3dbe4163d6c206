/** A study from the first task to the last, in one process or several, beside other commands on the same folder. */
import { makeFolders } from '../../files/folders';
import type { LanguageModel, LoadOptions } from '../../models';
import { torch } from '../../torch';
import { savingTimer } from '../../training/saving-timer';
import { runPool } from '../../training/worker-pool';
import { writeResults, type Ended } from './assemble';
import { contextOf, type StudyEvent } from './context';
import { readLock } from './freeze';
import type { Outcome } from './outcomes';
import { startedOf, type StudyPlan } from './plan';
import type { StudyResults } from './results';
import { startIn } from './started';
import type { StudyFile } from './study-file';
import { takeTask } from './task';
import { OpenTasks } from './task-source';
import { stateOf, tasksOf } from './tasks';
import type { WorkerStart } from './worker';

export interface StudyJob {
  file: StudyFile;
  plan: StudyPlan;
  /** libtorch's threads in each process, where the folder is new. */
  threads: number;
  /** Works in this process; undefined: in others. */
  model?: LanguageModel;
  /** Processes side by side, each with a model of its own, and how they load it. The numbers do not depend on it. */
  pool?: { workers: number; load: LoadOptions };
  signal: AbortSignal;
  /** @param part of the whole work, from 0 to 1 */
  onProgress: (part: number, note: string) => void;
}

/** Of the time between two results files, what writing one may take. */
const SAVING_SHARE = 0.05;

/**
 * Does what is left of a study in its folder, waits for what others are at, and judges the claims.
 * @returns the results, done
 * @throws InputError when the folder holds another study, or results of something else; the signal's reason after an
 * abort, with everything kept
 */
export async function runStudy(job: StudyJob): Promise<StudyResults> {
  const { file, plan, threads, signal } = job;
  const { folder } = plan;
  makeFolders(folder);
  const started = await startIn(folder, startedOf(file, plan, { lock: readLock(file.path, folder), threads }), signal);
  const kept = new Map<string, Outcome>();
  const write = (ended?: Ended): StudyResults => writeResults(folder, ended, kept);
  const timer = savingTimer(SAVING_SHARE, () => void write());
  const { source, take } = tasksIn(job, () => {
    if (timer.isDue()) timer.save(undefined);
  });
  try {
    timer.save(undefined);
    await workThrough({ ...job, threads: started.threads, plan: { ...plan, origin: started.origin } }, source, take);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    write({ status: signal.aborted ? 'interrupted' : 'failed', reason });
    throw thrown;
  } finally {
    source.close();
  }
  return write();
}

/** The tasks that are left, and what becomes of an event: progress, and the results after each end. */
function tasksIn(
  { plan: { folder, study }, onProgress }: StudyJob,
  onEnd: () => void,
): { source: OpenTasks; take: (event: StudyEvent) => void } {
  const tasks = tasksOf(study);
  const parts = new Map(tasks.map(({ id }) => [id, stateOf(folder, id).status === 'left' ? 0 : 1]));
  const tell = (note: string): void => {
    const whole = [...parts.values()].reduce((sum, one) => sum + one, 0) / tasks.length;
    onProgress(whole, note);
  };
  const source = new OpenTasks(folder, tasks, () => {
    for (const { id } of tasks) if (stateOf(folder, id).status !== 'left') parts.set(id, 1);
    tell('waiting for other processes');
  });
  const take = (event: StudyEvent): void => {
    if (event.type === 'note') {
      parts.set(event.id, event.part);
      return tell(`${event.id}: ${event.text}`);
    }
    source.ended(event);
    if (event.as === 'taken') return;
    parts.set(event.id, 1);
    tell(`${event.id}: ${event.as}`);
    onEnd();
  };
  return { source, take };
}

/** In this process one after the other, or handed out to others. */
async function workThrough(
  { plan, model, pool, threads, signal }: StudyJob,
  source: OpenTasks,
  take: (event: StudyEvent) => void,
): Promise<void> {
  if (pool) {
    const start: WorkerStart = { plan, load: pool.load, threads };
    const worker = require.resolve('./worker');
    return runPool(source, {
      worker,
      start,
      workers: Math.min(pool.workers, tasksOf(plan.study).length),
      signal,
      onEvent: take,
    });
  }
  if (!model) throw new Error('runStudy: wanted a model or a pool');
  torch.setNumThreads(threads);
  const context = contextOf(plan, model, signal, take);
  for (let task; (task = await source.next()) !== undefined;) {
    signal.throwIfAborted();
    await takeTask(context, task);
  }
}
