/** One run of the demo: tuned, measured and logged. */
import type { EvaluationSets } from '../../organism';
import type { LanguageModel } from '../../models';
import { stepLog } from '../../training/tensorboard';
import type { Run, Sample } from './results';
import { NonFiniteError, type StepRecord } from '../../training';
import { measureModel } from './measure';
import { logMeasured, openRunLog } from './run-log';
import { runId, type Planned } from './queue';
import type { DemoSettings } from './plan';
import { tune, type Tuned } from './tune';

/** What a run tells as it goes; plain data, so that it can come from another process. */
export type RunEvent =
  | { type: 'note'; note: string }
  | { type: 'run'; run: Run; samples: Sample[] }
  | { type: 'failure'; planned: Planned; reason: string };

export interface RunContext {
  model: LanguageModel;
  sets: EvaluationSets;
  settings: DemoSettings;
  /** Folder for TensorBoard's events, one folder below for each run. */
  logFolder: string;
  signal?: AbortSignal;
  onEvent: (event: RunEvent) => void;
}

/** Tunes and measures; a run that meets NaN is told as a failure. */
export async function makeRun(context: RunContext, planned: Planned): Promise<void> {
  try {
    const { run, samples } = await oneRun(context, planned);
    context.onEvent({ type: 'run', run, samples });
  } catch (thrown) {
    if (!(thrown instanceof NonFiniteError)) throw thrown;
    context.onEvent({ type: 'failure', planned, reason: thrown.message });
  }
}

async function oneRun(context: RunContext, planned: Planned): Promise<{ run: Run; samples: Sample[] }> {
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
