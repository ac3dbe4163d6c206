/** One run of the demo: `soo.finetune` in a folder of its own, then measured and logged. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../../files/folders';
import { controlPairs, neutralDocuments, PAD_ID, trainingPairs, type EvaluationSets, type Pair } from '../../organism';
import type { LanguageModel } from '../../models';
import { loadLora } from '../../peft';
import { finetune, readSteps, type FinetuneConfig, type FinetuneResult } from '../../soo';
import { RUN } from '../../training/run-folder';
import { gradNormOf, hashJson, NonFiniteError, stepLog, type Origin, type StepRecord } from '../../training';
import type { Kind, Pairing, Run, Sample } from './results';
import { measureModel } from './measure';
import { logMeasured, openRunLog } from './run-log';
import { runId, type Planned } from './queue';
import { configOf, type DemoSettings } from './plan';

/** What a run tells as it goes; plain data, so that it can come from another process. */
export type RunEvent =
  | { type: 'note'; note: string }
  | { type: 'run'; run: Run; samples: Sample[] }
  | { type: 'failure'; planned: Planned; reason: string };

/** What all runs of a demo share; plain data. */
export interface RunPlan {
  settings: DemoSettings;
  /** The demo's folder: `runs/` and `tensorboard/` hold one folder for each run. */
  folder: string;
  /** Goes on with runs that were interrupted. */
  resume: boolean;
  /** Hashes of the model's files. */
  model: Readonly<Record<string, string>>;
  origin: Origin;
}

export interface RunContext extends RunPlan {
  organism: LanguageModel;
  sets: EvaluationSets;
  signal?: AbortSignal;
  onEvent: (event: RunEvent) => void;
}

export const pairsOf = (kind: Kind, pairs: Pairing, seed: number): Pair[] =>
  pairs === 'self' || pairs === 'retention' ? trainingPairs(kind, seed) : controlPairs(pairs, kind, seed);

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
  const { organism, sets, signal, onEvent } = context;
  const { kind, pairs, seed, beside } = planned;
  const id = runId(kind, pairs, seed);
  const folder = ownFolder(context.folder, 'runs', id.replaceAll('/', '-'));
  const start = performance.now();
  const note = (text: string): void => onEvent({ type: 'note', note: `${id}, ${text}` });
  const events = runEvents(context, planned);
  try {
    const onStep = (record: StepRecord): void => {
      stepLog(events.from(record.microBatch))(record);
      note(`step ${record.step}, loss ${record.loss.toFixed(3)}`);
    };
    const { distance } = await tune(context, planned, folder, onStep);
    note('measuring');
    const adapter = loadLora(organism, folder);
    const { records, ...measured } = await measureModel(organism, sets, signal).finally(() => adapter.dispose());
    const training = readSteps(folder).map(kept);
    const goal = pairs === 'retention' ? null : (beside?.distance.end ?? null);
    const ended = { ...distance, goal, reached: goal === null || distance.end <= goal };
    const epochs = epochsOf(training.length, context, planned);
    const seconds = (performance.now() - start) / 1000;
    const run: Run = { id, kind, pairs, seed, epochs, seconds, distance: ended, ...measured, training };
    logMeasured(events.from(training.length + 1), run);
    return { run, samples: records.map((record) => ({ run: id, ...record })) };
  } finally {
    events.close();
  }
}

/** Tunes in the run's folder; what an earlier demo left there is gone on with, or taken away. */
async function tune(
  context: RunContext,
  planned: Planned,
  folder: string,
  onStep: (record: StepRecord) => void,
): Promise<{ distance: NonNullable<FinetuneResult['distance']> }> {
  const { organism: model, settings, resume, signal, origin } = context;
  const { kind, pairs: pairing, seed } = planned;
  const config = configOf(model, settings.tuning[kind], planned);
  const pairs = pairsOf(kind, pairing, seed);
  const neutral = neutralDocuments(documentsOf(pairs.length, config), seed).map(({ ids }) => ids);
  const inputs = { model: context.model, adapter: null, pairs: hashJson(pairs), neutral: hashJson(neutral) };
  // What no run has made stays, and is refused.
  if (!resume && existsSync(join(folder, RUN))) rmSync(folder, { recursive: true });
  const run = { folder, model, pairs, neutral, config, padId: PAD_ID, inputs, origin, resume, signal, onStep };
  const { distance } = await finetune(run);
  if (!distance) throw new Error(`${folder}: the run tells no distance`);
  return { distance };
}

/** Neutral documents that the longest run takes: none comes twice. */
const documentsOf = (pairs: number, { batch, epochs, documentsPerBatch }: FinetuneConfig): number =>
  Math.ceil(pairs / batch) * (documentsPerBatch ?? batch) * epochs;

function epochsOf(steps: number, { settings }: RunContext, { kind, pairs, seed }: Planned): number {
  return Math.ceil(steps / Math.ceil(pairsOf(kind, pairs, seed).length / settings.tuning[kind].batchSize));
}

/** TensorBoard's events of a run, opened with the first that there is to log: the file tells where the run goes on. */
function runEvents({ folder, settings, resume }: RunContext, { kind, pairs, seed }: Planned) {
  let events: ReturnType<typeof openRunLog> | undefined;
  const configuration = { kind, pairs, seed, ...settings.tuning[kind] };
  return {
    from(microBatch: number) {
      const resumedAt = resume && microBatch > 1 ? microBatch : undefined;
      events ??= openRunLog(folder, runId(kind, pairs, seed), configuration, resumedAt);
      return events;
    },
    close: () => events?.close(),
  };
}

/** What the results keep of a step: every batch is a step here. */
function kept(record: StepRecord): Run['training'][number] {
  const { step, loss, parts, lr, ms } = record;
  return { step, loss, parts, gradNorm: gradNormOf(record), lr, milliseconds: ms };
}
