/** The paper's experiment on any model, from the first measurement to the last, kept as it goes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lockPlace, makeFolders } from '../../files/folders';
import { InputError } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import type { LanguageModel, LoadOptions } from '../../models';
import { originSchema, type Origin } from '../../training';
import { otherSetting } from '../../training/other-setting';
import { runPool } from '../../training/worker-pool';
import { FORMAT, writeRepetitionResults, type RepetitionResults } from './results';
import { rowsOf } from './summary';
import { configOf, contextOf, idOf, takeModel, type Planned, type RepetitionEvent, type RepetitionPlan } from './task';
import { verdictOf } from './verdict';
import type { WorkerStart } from './worker';

export interface RepetitionJob extends RepetitionPlan {
  /** Tuned and measured in this process; undefined: in others. */
  model?: LanguageModel;
  /** Processes that work side by side, each with a model of its own, and how they load it. The numbers do not depend on it. */
  pool?: { workers: number; modelPath: string; load: LoadOptions; threads: number };
  signal: AbortSignal;
  /** @param part of the whole work, from 0 to 1 */
  onProgress: (part: number, note: string) => void;
}

const startSchema = z.object({
  config: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), z.unknown()),
  origin: originSchema,
});

/**
 * Measures the model, then tunes and measures it for every seed and arm, and saves after each. What the folder holds
 * already is gone on with.
 * @returns the results, done
 * @throws InputError while another process works in the folder, or when it holds the work of other inputs; the signal's
 * reason after an abort, with everything kept
 */
export async function repeatExperiment(job: RepetitionJob): Promise<RepetitionResults> {
  const { signal, onProgress } = job;
  makeFolders(job.folder);
  using _lock = lockPlace(job.folder);
  const { origin } = startedWith(job);
  const plan = plannedOf(job.settings);
  const results = emptyResults(job, origin);
  const parts = new Map<string, number>();
  const save = (status: RepetitionResults['status'], reason: string | null = null): void => {
    Object.assign(results, { status, reason });
    writeRepetitionResults(join(job.folder, 'results.json'), results);
  };
  const take = (event: RepetitionEvent): void => {
    const id = event.type === 'measured' ? event.measured.id : event.id;
    parts.set(id, event.type === 'note' ? event.part : 1);
    const part = [...parts.values()].reduce((sum, one) => sum + one, 0) / plan.length;
    onProgress(part, `${id}: ${event.type === 'note' ? event.text : event.type}`);
    if (event.type === 'note') return;
    takeIn(results, event, plan);
    save('running');
  };
  try {
    await workThrough({ ...job, origin }, plan, take);
    save('done');
  } catch (thrown) {
    save(signal.aborted ? 'interrupted' : 'failed', thrown instanceof Error ? thrown.message : String(thrown));
    throw thrown;
  }
  return results;
}

/** Seed by seed, so that an interrupted repetition has some of everything. */
const plannedOf = ({ seeds, arms }: RepetitionPlan['settings']): Planned[] => [
  { arm: 'baseline', seed: null },
  ...seeds.flatMap((seed) => arms.map((arm) => ({ arm, seed }))),
];

/** In this process one after the other, or handed out to others. */
async function workThrough(
  { model, pool, signal, onProgress: _, ...plan }: RepetitionJob,
  planned: readonly Planned[],
  take: (event: RepetitionEvent) => void,
): Promise<void> {
  const left = [...planned];
  if (pool) {
    const { workers, ...loading } = pool;
    const start: WorkerStart = { ...plan, ...loading };
    const next = (): Promise<Planned | undefined> => Promise.resolve(left.shift());
    const most = Math.min(workers, planned.length);
    return runPool({ next }, { worker: require.resolve('./worker'), start, workers: most, signal, onEvent: take });
  }
  if (!model) throw new Error('repeatExperiment: wanted a model or a pool');
  const context = contextOf(plan, model, signal, take);
  for (const one of left) await takeModel(context, one);
}

/** What the folder was begun with; begins it where it is new. */
function startedWith({ folder, settings, inputs, origin }: RepetitionPlan): z.infer<typeof startSchema> {
  const path = join(folder, 'repeat.json');
  const now = { config: configOf(settings), inputs: { ...inputs }, origin };
  if (!existsSync(path)) {
    if (existsSync(join(folder, 'results.json')))
      throw new InputError(`${folder}: holds results.json, but no repeat.json: choose another folder`);
    writeTextAside(path, `${JSON.stringify(now, null, 2)}\n`);
    return now;
  }
  const earlier = checkShape(startSchema, readJsonFile(path), 'repeat.json');
  for (const part of ['inputs', 'config'] as const) {
    const other = otherSetting(earlier[part], now[part]);
    if (other)
      throw new InputError(`${folder}: was begun with ${other.name} ${other.was}, but now it is ${other.is}; choose another folder`); // prettier-ignore
  }
  return earlier;
}

function emptyResults({ settings, inputs }: RepetitionPlan, origin: Origin): RepetitionResults {
  return {
    format: FORMAT,
    status: 'running',
    reason: null,
    origin,
    config: configOf(settings),
    inputs: { ...inputs },
    rows: [],
    verdict: verdictOf([]),
    measured: [],
    failures: [],
  };
}

/** Takes a model in where it stands in the plan: workers finish in no fixed order, and the file should not show it. */
function takeIn(
  results: RepetitionResults,
  event: Exclude<RepetitionEvent, { type: 'note' }>,
  plan: readonly Planned[],
): void {
  const place = ({ id }: { id: string }): number => plan.findIndex((one) => idOf(one) === id);
  if (event.type === 'measured') results.measured.push(event.measured);
  else results.failures.push({ id: event.id, reason: event.reason });
  for (const list of [results.measured, results.failures]) list.sort((a, b) => place(a) - place(b));
  results.rows = rowsOf(results.measured);
  results.verdict = verdictOf(results.rows);
}
