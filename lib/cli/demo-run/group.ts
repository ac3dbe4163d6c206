/** The runs of one seed and one kind of pairs: the self-other run, then the controls beside it. */
import type { EvaluationSets } from '../../evals/organism';
import type { Mistral } from '../../models';
import { PAIRINGS, stepLog, type Kind, type Pairing, type Run, type Sample } from '../../report';
import { NonFiniteError, type StepRecord } from '../../soo';
import { measureModel } from './measure';
import { logMeasured, openRunLog } from './run-log';
import type { DemoSettings } from './settings';
import { tune, type Tuned } from './tune';

export interface Group {
  kind: Kind;
  seed: number;
}

/** What a group tells as it goes; plain data, so that it can come from another process. */
export type GroupEvent =
  | { type: 'note'; note: string }
  | { type: 'run'; run: Run; samples: Sample[] }
  | { type: 'failure'; id: string; reason: string };

export interface GroupContext {
  model: Mistral;
  sets: EvaluationSets;
  settings: DemoSettings;
  /** Folder for TensorBoard's events, one folder below for each run. */
  logFolder: string;
  signal?: AbortSignal;
  onEvent: (event: GroupEvent) => void;
}

export const runId = (kind: Kind, pairs: Pairing, seed: number): string => `${kind}/${pairs}/${seed}`;

/** Runs one after the other; one that meets NaN is told, and with it the controls that need it. */
export async function runGroup(context: GroupContext, { kind, seed }: Group): Promise<void> {
  const fail = (pairs: Pairing, reason: string): void =>
    context.onEvent({ type: 'failure', id: runId(kind, pairs, seed), reason });
  const [first, ...controls] = PAIRINGS;
  const self = await tryRun(context, { kind, pairs: first, seed, beside: null }, fail);
  for (const pairs of controls) {
    if (self) await tryRun(context, { kind, pairs, seed, beside: self.distance }, fail);
    else fail(pairs, 'the self-other run that it stands beside failed');
  }
}

async function tryRun(
  context: GroupContext,
  planned: Planned,
  fail: (pairs: Pairing, reason: string) => void,
): Promise<Run | null> {
  try {
    const { run, samples } = await oneRun(context, planned);
    context.onEvent({ type: 'run', run, samples });
    return run;
  } catch (thrown) {
    if (!(thrown instanceof NonFiniteError)) throw thrown;
    fail(planned.pairs, thrown.message);
    return null;
  }
}

interface Planned extends Group {
  pairs: Pairing;
  beside: Run['distance'] | null;
}

async function oneRun(context: GroupContext, planned: Planned): Promise<{ run: Run; samples: Sample[] }> {
  const { model, sets, settings, logFolder, signal, onEvent } = context;
  const { kind, pairs, seed, beside } = planned;
  const id = runId(kind, pairs, seed);
  const start = performance.now();
  const note = (text: string): void => onEvent({ type: 'note', note: `${id}, ${text}` });
  const tuning = settings.tuning[kind];
  const events = openRunLog(logFolder, id, { kind, pairs, seed, ...tuning });
  const log = stepLog(events);
  const onStep = (record: StepRecord): void => {
    log(record);
    note(`step ${record.step}, loss ${record.loss.toFixed(3)}`);
  };
  let tuned: Tuned | undefined;
  try {
    tuned = await tune(model, { kind, pairs, seed, beside, settings: tuning, signal, onStep });
    note('measuring');
    const { records, ...measured } = await measureModel(model, sets, signal);
    const { epochs, distance, training } = tuned;
    const seconds = (performance.now() - start) / 1000;
    const run: Run = { id, kind, pairs, seed, epochs, seconds, distance, ...measured, training };
    logMeasured(events, run);
    return { run, samples: records.map((record) => ({ run: id, ...record })) };
  } finally {
    events.close();
    tuned?.adapter.dispose();
  }
}
