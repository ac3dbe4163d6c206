/** The demo from the first measurement to the last, saved as it goes. */
import {
  buildEvaluationSets,
  type EvaluationPrompt,
  type EvaluationSets,
  missedGates,
  neutralDocuments,
} from '../../evals/organism';
import type { Mistral } from '../../models';
import {
  armsOf,
  baselineArm,
  FORMAT,
  hashFolder,
  hashJson,
  KINDS,
  originOf,
  PAIRINGS,
  verdictOf,
  writeDemoResults,
  type DemoResults,
  type Kind,
  type Pairing,
  type Sample,
} from '../../report';
import { NonFiniteError } from '../../soo';
import { measureModel, type Measurement } from './measure';
import { CAPABILITY, LATENT, LORA, MOST_EPOCHS, type DemoSettings } from './settings';
import { moduleOf, pairsOf, tune } from './tune';

export interface DemoJob {
  model: Mistral;
  /** The folder the model came from: its files are hashed. */
  folder: string;
  /** The folder whose git revision is told. */
  root: string;
  /** results.json goes here after every run. */
  file: string;
  command: readonly string[];
  settings: DemoSettings;
  signal: AbortSignal;
  /** @param done of `total` runs, the baseline included */
  onProgress: (done: number, total: number, note: string) => void;
}

/** Documents are drawn one after the other, so the first ones tell whether the rest agree. */
const HASHED_DOCUMENTS = 100;

/** A run to be made. */
interface Planned {
  kind: Kind;
  pairs: Pairing;
  seed: number;
}

const idOf = ({ kind, pairs, seed }: Planned): string => `${kind}/${pairs}/${seed}`;

/** Seed by seed, so that an interrupted demo has some of everything. The self-other run comes before its controls. */
const planOf = (seeds: readonly number[]): Planned[] =>
  seeds.flatMap((seed) => KINDS.flatMap((kind) => PAIRINGS.map((pairs) => ({ kind, pairs, seed }))));

/**
 * Measures the model, tunes and measures it again for every seed, kind and control, and saves after each.
 * @returns the results; with status `interrupted` when the signal came after something had been measured
 * @throws the signal's reason when nothing had been measured yet; what else goes wrong, after saving it as the reason
 */
export async function runDemo(job: DemoJob): Promise<DemoResults> {
  const start = performance.now();
  const plan = planOf(job.settings.seeds);
  const sets = buildEvaluationSets({
    split: 'test',
    n: job.settings.promptsPerFamily,
    seed: job.settings.promptSeed,
  });
  job.onProgress(0, plan.length + 1, 'before tuning');
  const results = emptyResults(job, plan, sets, await measureModel(job.model, sets, job.signal));
  const save = (status: DemoResults['status'], reason: string | null = null): void => {
    Object.assign(results, { status, reason, seconds: (performance.now() - start) / 1000 });
    writeDemoResults(job.file, results);
  };
  save('running');
  try {
    for (const [i, planned] of plan.entries()) {
      await addRun(job, results, sets, planned, (note) => job.onProgress(i + 1, plan.length + 1, note));
      save('running');
    }
    save('done');
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    save(job.signal.aborted ? 'interrupted' : 'failed', reason);
    if (!job.signal.aborted) throw thrown;
  }
  return results;
}

async function addRun(
  { model, signal, settings: { tuning } }: DemoJob,
  results: DemoResults,
  sets: EvaluationSets,
  planned: Planned,
  onNote: (note: string) => void,
): Promise<void> {
  const id = idOf(planned);
  const beside =
    planned.pairs === 'self' ? null : results.runs.find((run) => run.id === idOf({ ...planned, pairs: 'self' }));
  if (beside === undefined) {
    results.failures.push({ id, reason: 'the self-other run that it stands beside failed' });
    return;
  }
  const start = performance.now();
  onNote(id);
  const onStep = ({ step, loss }: { step: number; loss: number }): void =>
    onNote(`${id}, step ${step}, loss ${loss.toFixed(3)}`);
  try {
    const tuned = await tune(model, {
      ...planned,
      settings: tuning[planned.kind],
      beside: beside?.distance ?? null,
      signal,
      onStep,
    });
    try {
      onNote(`${id}, measuring`);
      const { records, ...measured } = await measureModel(model, sets, signal);
      const { epochs, distance, training } = tuned;
      const seconds = (performance.now() - start) / 1000;
      results.runs.push({ id, ...planned, epochs, seconds, distance, ...measured, training });
      results.samples.push(...samplesOf(id, records));
    } finally {
      tuned.adapter.dispose();
    }
  } catch (thrown) {
    if (!(thrown instanceof NonFiniteError)) throw thrown;
    results.failures.push({ id, reason: thrown.message });
  }
  summarise(results);
}

/** Rows and verdicts of what has been run so far. */
function summarise(results: DemoResults): void {
  Object.assign(results, armsOf(results.runs));
  for (const kind of KINDS) results.verdicts[kind] = verdictOf(results, kind);
}

const samplesOf = (run: string, records: Measurement['records']): Sample[] =>
  records.map((record) => ({ run, ...record }));

function emptyResults(job: DemoJob, plan: Planned[], sets: EvaluationSets, measured: Measurement): DemoResults {
  const { model, folder, root, command, settings } = job;
  const unmeasured = { outcome: 'unmeasured', text: '' } as const;
  const prompts = Object.fromEntries(Object.entries(sets).map(([family, set]) => [family, set.map(promptOf)]));
  const results: DemoResults = {
    format: FORMAT,
    status: 'running',
    reason: null,
    seconds: 0,
    origin: originOf(root, command),
    model: { folder, sha256: hashFolder(folder) },
    data: {
      prompts: hashJson(prompts),
      pairs: Object.fromEntries(
        plan.map((one): [string, string] => [idOf(one), hashJson(pairsOf(one.kind, one.pairs, one.seed))]),
      ),
      documents: Object.fromEntries(
        settings.seeds.map((seed): [string, string] => [
          String(seed),
          hashJson(neutralDocuments(HASHED_DOCUMENTS, seed)),
        ]),
      ),
    },
    config: configOf(model, settings),
    baseline: {
      ...baselineArm(measured.rates, measured.latent),
      rates: measured.rates,
      missedGates: missedGates(measured.rates),
    },
    tuned: {},
    controls: {},
    verdicts: { scenes: unmeasured, fragments: unmeasured },
    runs: [],
    failures: [],
    prompts,
    samples: samplesOf('baseline', measured.records),
  };
  summarise(results);
  return results;
}

function configOf(model: Mistral, settings: DemoSettings): DemoResults['config'] {
  const { tuning, ...plain } = settings;
  const losses = KINDS.map(
    (kind) => [kind, { ...tuning[kind], loss: 'mse', at: moduleOf(model, tuning[kind]) }] as const,
  );
  return {
    ...plain,
    split: 'test',
    tuning: Object.fromEntries(losses),
    lora: LORA,
    optimizer: { name: 'AdamW', betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 },
    selfSide: 'detached',
    capability: CAPABILITY,
    controls: { mostEpochs: MOST_EPOCHS, scale: "the self-other pairs' starting distance" },
    latent: LATENT,
  };
}

function promptOf({ name, text, cheapRoom, preciousRoom, expected, alternative, order }: EvaluationPrompt) {
  return { name, text, cheapRoom, preciousRoom, expected, alternative, order };
}
