/** The demo from the first measurement to the last, saved as it goes. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  buildEvaluationSets,
  type EvaluationSets,
  missedGates,
  neutralDocuments,
  type OrganismPrompt,
} from '../../organism';
import type { LanguageModel } from '../../models';
import { lockPlace } from '../../files/folders';
import { InputError } from '../../files/input-error';
import { hashFolder, hashJson, originOf } from '../../training/origin';
import { verdictOf } from './claims';
import {
  CONTROLS,
  FORMAT,
  KINDS,
  PAIRINGS,
  readDemoResults,
  writeDemoResults,
  type DemoResults,
  type Verdict,
} from './results';
import { armsOf, baselineArm } from './summary';
import { torch, type DeviceLike } from '../../torch';
import { runPool } from '../../training/worker-pool';
import { makeRun, pairsOf, type RunEvent, type RunPlan } from './task';
import { measureModel, type Measurement } from './measure';
import { queueOf, runId, type Group, type Planned, type RunQueue } from './queue';
import { CAPABILITY, LATENT, LORA, moduleOf, MOST_EPOCHS, type DemoSettings } from './plan';
import type { WorkerStart } from './worker';

/** Documents are drawn one after the other, so the first ones tell whether the rest agree. */
const HASHED_DOCUMENTS = 100;

export interface DemoJob {
  model: LanguageModel;
  /** The folder the model came from: its files are hashed. */
  folder: string;
  /** The folder whose git revision is told. */
  root: string;
  /** results.json goes here after every run, beside runs/ and tensorboard/ with a folder for each. */
  file: string;
  /** Goes on with what is there: runs that are measured, and one that was interrupted. Default false: starts anew. */
  resume?: boolean;
  command: readonly string[];
  settings: DemoSettings;
  /** Processes that tune side by side; 1: this one. The numbers do not depend on it. */
  workers: number;
  signal: AbortSignal;
  /** @param done of `total` runs, the baseline included */
  onProgress: (done: number, total: number, note: string) => void;
}

/** Seed by seed, so that an interrupted demo has some of everything. */
const groupsOf = (seeds: readonly number[]): Group[] => seeds.flatMap((seed) => KINDS.map((kind) => ({ kind, seed })));

/**
 * Measures the model, tunes and measures it again for every seed, kind and control, and saves after each.
 * @returns the results; with status `interrupted` when the signal came after something had been measured
 * @throws InputError while another process works in the folder; the signal's reason when nothing had been measured yet; what else goes wrong, after saving it as the reason
 */
export async function runDemo(job: DemoJob): Promise<DemoResults> {
  const { model, folder, settings, signal, workers, resume = false } = job;
  using _lock = lockPlace(dirname(job.file));
  const start = performance.now();
  const groups = groupsOf(settings.seeds);
  const ids = groups.flatMap(({ kind, seed }) => PAIRINGS.map((pairs) => runId(kind, pairs, seed)));
  const sets = buildEvaluationSets({ split: 'test', n: settings.promptsPerFamily, seed: settings.promptSeed });
  job.onProgress(0, ids.length + 1, 'before tuning');
  const results = startResults(job, groups, sets, await measureModel(model, sets, signal));
  const measured = resume ? measuredBefore(job.file, results) : new Map<string, RunEvent>();
  const save = (status: DemoResults['status'], reason: string | null = null): void => {
    Object.assign(results, { status, reason, seconds: (performance.now() - start) / 1000 });
    writeDemoResults(job.file, results);
  };
  const queue = queueOf(groups);
  const onEvent = (event: RunEvent): void => {
    if (event.type !== 'note') {
      addEvent(results, event, ids);
      open(queue, event);
      save('running');
    }
    const done = results.runs.length + results.failures.length + 1;
    job.onProgress(done, ids.length + 1, event.type === 'note' ? event.note : '');
  };
  const next = async (): Promise<Planned | undefined> => {
    for (;;) {
      const planned = await queue.next();
      const done = planned && measured.get(runId(planned.kind, planned.pairs, planned.seed));
      if (!done) return planned;
      onEvent(done);
    }
  };
  const { origin, model: made } = results;
  const plan: RunPlan = { settings, folder: dirname(job.file), resume, model: made.sha256, origin };
  save('running');
  try {
    const most = Math.min(workers, ids.length);
    if (most > 1) {
      const start: WorkerStart = {
        ...plan,
        modelFolder: folder,
        device: String(model.device) as DeviceLike,
        threads: torch.getNumThreads(),
      };
      await runPool({ next }, { worker: require.resolve('./worker'), start, workers: most, signal, onEvent });
    } else {
      const context = { ...plan, organism: model, sets, signal, onEvent };
      for (let planned; (planned = await next());) await makeRun(context, planned);
    }
    save('done');
  } catch (thrown) {
    save(signal.aborted ? 'interrupted' : 'failed', thrown instanceof Error ? thrown.message : String(thrown));
    if (!signal.aborted) throw thrown;
  }
  return results;
}

/**
 * The runs that an earlier demo has measured.
 * @throws InputError when it was another model's, or had other settings
 */
function measuredBefore(file: string, now: DemoResults): Map<string, RunEvent> {
  if (!existsSync(file)) return new Map();
  const earlier = readDemoResults(file);
  for (const name of ['config', 'data'] as const) {
    const same = isDeepStrictEqual(earlier[name], JSON.parse(JSON.stringify(now[name])));
    if (!same) throw new InputError(`${file}: the demo to resume has another ${name}; choose another folder`);
  }
  if (!isDeepStrictEqual(earlier.model.sha256, now.model.sha256)) {
    throw new InputError(`${file}: the demo to resume measured another model; choose another folder`);
  }
  const eventOf = (run: DemoResults['runs'][number]): RunEvent => {
    const samples = earlier.samples.filter((sample) => sample.run === run.id);
    return { type: 'run', run, samples };
  };
  return new Map(earlier.runs.map((run) => [run.id, eventOf(run)]));
}

/** Takes a run in, where it stands in the plan: workers finish in no fixed order, and the file should not show it. */
function addEvent(results: DemoResults, event: Exclude<RunEvent, { type: 'note' }>, ids: readonly string[]): void {
  const place = (id: string): number => ids.indexOf(id);
  if (event.type === 'run') {
    results.runs = [...results.runs, event.run].sort((a, b) => place(a.id) - place(b.id));
    results.samples = [...results.samples, ...event.samples].sort((a, b) => place(a.run) - place(b.run));
  } else {
    const { kind, pairs, seed } = event.planned;
    const failed = [{ id: runId(kind, pairs, seed), reason: event.reason }];
    const reason = 'its matching self-other run failed';
    if (pairs === 'self') failed.push(...CONTROLS.map((control) => ({ id: runId(kind, control, seed), reason })));
    results.failures = [...results.failures, ...failed];
    results.failures.sort((a, b) => place(a.id) - place(b.id));
  }
  summarise(results);
}

/** A self-other run that has ended lets its controls start. */
function open(queue: RunQueue, event: Exclude<RunEvent, { type: 'note' }>): void {
  if (event.type === 'run') return queue.end(event.run.id, event.run);
  const { kind, pairs, seed } = event.planned;
  queue.fail(runId(kind, pairs, seed));
}

/** Rows and verdicts of what has been run so far. */
function summarise(results: DemoResults): void {
  Object.assign(results, armsOf(results.runs));
  for (const kind of KINDS) results.verdicts[kind] = verdictOf(results, kind);
}

/** Origin, configuration, and the measurements before tuning. */
function startResults(job: DemoJob, groups: Group[], sets: EvaluationSets, measured: Measurement): DemoResults {
  const { model, folder, root, command, settings } = job;
  const unmeasured: Verdict = { outcome: 'unmeasured', text: '', claims: [] };
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
      pairs: Object.fromEntries(groups.flatMap(hashedPairs)),
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
    samples: measured.records.map((record) => ({ run: 'baseline', ...record })),
  };
  summarise(results);
  return results;
}

const hashedPairs = ({ kind, seed }: Group): [string, string][] =>
  PAIRINGS.map((pairs) => [runId(kind, pairs, seed), hashJson(pairsOf(kind, pairs, seed))]);

function configOf(model: LanguageModel, settings: DemoSettings): DemoResults['config'] {
  const { tuning, ...plain } = settings;
  const losses = KINDS.map(
    (kind) => [kind, { ...tuning[kind], loss: 'mse', at: moduleOf(model, tuning[kind]) }] as const,
  );
  return {
    ...plain,
    // Told where it is another: kernels there add up in another order.
    ...(model.device.type === 'cpu' ? {} : { device: String(model.device) }),
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

function promptOf({ name, text, cheapRoom, preciousRoom, expected, alternative, order }: OrganismPrompt) {
  return { name, text, cheapRoom, preciousRoom, expected, alternative, order };
}
