/** A fine-tuning run in a folder of its own: never lost, and taken up again to the same bits. */
import { join } from 'node:path';
import { z } from 'zod';
import type { ProcessGroup } from '../distributed';
import { InputError } from '../files/input-error';
import { checkShape } from '../files/json-file';
import { LineLog, readLines } from '../files/json-lines';
import type { LanguageModel } from '../models';
import { AdamW, cosine, linear, TransformersAdamW, warmup, type Schedule } from '../optim';
import { ADAPTER_FILES, addLora, loadLora, type LoraAdapter } from '../peft';
import { mean } from '../statistics';
import { torch, withRandomStateOfNow } from '../torch';
import { loadCheckpoint, saveCheckpoint, type RunState } from '../training/checkpoint';
import { claimModel } from '../training/claim';
import type { NamedParameter } from '../training/gradients';
import { LossScaler } from '../training/loss-scaler';
import { takeFirstWeights } from '../training/ranks';
import { CHECKPOINT, type RunFile } from '../training/run-folder';
import { runOfRanks } from '../training/run-of-ranks';
import { savingTimer } from '../training/saving-timer';
import type { StepRecord } from '../training/step-record';
import { train, type Position } from '../training/train';
import {
  batchesPerEpoch,
  finetuneConfigSchema,
  isRisky,
  microBatches,
  RISK,
  totalBatches,
  totalSteps,
  type FinetuneConfig,
} from './finetune-config';
import { CollapseWatch, MONITOR, monitorSummarySchema, type MonitorRecord } from './collapse-watch';
import { onLearningModules } from './learning-modules';
import { withSavings } from './little-memory';
import { configuredLoss, pairDistance } from './losses';
import type { TokenPair } from './pairs';
import { differs } from './positions';
import { inPieces, requireShareable, shareOf, type TokenBatch } from './share';

const resultSchema = z.object({
  steps: z.number(),
  microBatches: z.number(),
  finalLoss: z.number().nullable(),
  /** Steps whose gradients overflowed under the loss scale; absent where there was none. */
  skippedSteps: z.number().optional(),
  epochLosses: z.array(z.number()),
  /** The overlap loss on all pairs, without dropout, before and after; only where it was measured. */
  distance: z.object({ start: z.number(), end: z.number() }).optional(),
  resumedFrom: z.number().nullable(),
  /** Target modules that have no adapter because the loss never reaches them; absent where there are none. */
  unreached: z.number().optional(),
  /** What the run left of what the model told apart; absent where nobody watched. */
  monitor: monitorSummarySchema.optional(),
});

/** How a run came out. */
export type FinetuneResult = z.infer<typeof resultSchema>;

export interface FinetuneOptions {
  /** Gets the adapter, `run.json`, `steps.jsonl`, `monitor.jsonl`, and while it runs `checkpoint.safetensors`. */
  folder: string;
  model: LanguageModel;
  pairs: readonly TokenPair[];
  /**
   * Pairs that are measured while the run goes on, two at least, to notice when a module becomes a constant: see
   * `watchedPairs`. They change nothing in the run. Without them nobody watches.
   */
  watched?: readonly TokenPair[];
  /** Token ids of neutral texts; wanted when the configuration gives the capability term a weight. */
  neutral?: readonly (readonly number[])[];
  config: FinetuneConfig;
  /** What fills the pads: upstream takes the end-of-sequence token. */
  padId: number;
  /** A PEFT folder to start from instead of a fresh adapter. */
  adapterFolder?: string;
  /** What `adapter_config.json` names as the base model: a path, or a name on the hub. */
  baseModel?: string;
  /** The commit of that name. */
  baseRevision?: string;
  /** Goes on with what the folder holds; with nothing in it, starts. */
  resume?: boolean;
  /** Tunes also as {@link isRisky} says that one should not. */
  force?: boolean;
  /** Hashes of what goes in, kept in `run.json`: a run is resumed from the same only. */
  inputs: RunFile<FinetuneConfig, FinetuneResult>['inputs'];
  /** Versions, machine and command, kept in `run.json`. */
  origin: RunFile<FinetuneConfig, FinetuneResult>['origin'];
  /**
   * Tunes as one rank of several: each takes its part of every batch, the first has the folder, and all have the same
   * result. Every rank is given the same, and has to see the folder of a run that is gone on with.
   */
  group?: ProcessGroup;
  /** Saves, and stops before the next batch. */
  signal?: AbortSignal;
  /** All is loaded and checked, and the first batch comes next. From here on the signal is looked at after each. */
  onBegin?: () => void;
  /** After every batch; waited for. It meets the model in the mode that it had before the run. */
  onStep?: (step: StepRecord) => void | Promise<void>;
  /** After every measurement of `watched`; of one step it comes before `onStep`. */
  onMonitor?: (record: MonitorRecord) => void;
}

/** With these a run may go on otherwise: what it computes stays the same, but for the rounding of a batch in pieces. */
const FREE = ['gradientCheckpointing', 'microBatch'];

/** Of the time between two checkpoints, what writing them may take. */
const SAVING_SHARE = 0.05;

const STEPS = 'steps.jsonl';
const FILES = [STEPS, MONITOR, ...ADAPTER_FILES];

/** The steps that a run has taken so far. */
export const readSteps = (folder: string): StepRecord[] => readLines<StepRecord>(join(folder, STEPS));

/**
 * Fine-tunes a LoRA adapter as the configuration says and writes it to the folder in PEFT's format. The run has random
 * numbers of its own, so that the same seed gives the same bytes whatever goes on beside it; the model may be used
 * meanwhile, and answers with the adapter as far as it has come, without dropout.
 * @throws InputError when the folder holds another run, another run fine-tunes the model, or the self side is held without
 * a capability term; NonFiniteError for NaN, the signal's reason after an abort; where memory does not suffice, an error of code
 * ERR_OUT_OF_MEMORY that names what takes less
 */
export function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  const { config, resume = false } = options;
  checkShape(finetuneConfigSchema, config, 'finetune');
  if (isRisky(config) && !options.force)
    throw new InputError(`finetune: detachSelf ${RISK}; give capability a weight, with neutral texts, or force: true`);
  if (config.positions === 'differing' && config.overlap > 0 && !options.pairs.some(differs))
    throw new InputError('finetune: with positions "differing", the two sides of some pair must differ in a token');
  if (config.stopOnCollapse && !isWatched(options))
    throw new InputError('finetune: stopOnCollapse wants pairs that are watched, and monitorEvery above 0');
  if (isWatched(options) && options.watched.length < 2)
    throw new InputError(`finetune: wanted two pairs or more to watch, got ${options.watched.length}`);
  requireShareable(config, options.group?.size ?? 1);
  const outside = withRandomStateOfNow();
  const onStep = options.onStep && ((step: StepRecord) => outside(() => options.onStep?.(step)));
  const onMonitor = options.onMonitor && ((record: MonitorRecord) => outside(() => options.onMonitor?.(record)));
  return torch
    .forkRng(() => finetuneInFolder({ ...options, resume, onStep, onMonitor }))
    .catch((thrown: unknown) => {
      throw withSavings(thrown, options.model, config);
    });
}

const isWatched = (options: FinetuneOptions): options is FinetuneOptions & { watched: readonly TokenPair[] } =>
  options.watched !== undefined && options.config.monitorEvery !== 0;

function finetuneInFolder(options: FinetuneOptions & { resume: boolean }): Promise<FinetuneResult> {
  const { folder, config, group } = options;
  return runOfRanks({ ...options, files: FILES, free: FREE, resultSchema }, group, async (begin) => {
    using _claim = claimModel(options.model);
    const { adapter, unreached } = startingAdapter(options);
    const { lr, weightDecay } = config;
    const Optimizer = config.optimizer === 'adamw' ? AdamW : TransformersAdamW;
    const optimizer = new Optimizer(adapter.parameters(), { lr, weightDecay });
    const scaler = config.autocast === 'float16' ? new LossScaler() : undefined;
    try {
      await begin();
      const { baseModel, baseRevision } = options;
      const result = await takeBatches(options, { adapter, optimizer, scaler }, () =>
        adapter.save(folder, { baseModel, baseRevision }),
      );
      return result && { ...result, ...(unreached > 0 && { unreached }) };
    } finally {
      optimizer.dispose();
      adapter.dispose();
    }
  });
}

function startingAdapter(options: FinetuneOptions): { adapter: LoraAdapter; unreached: number } {
  const { model, adapterFolder, config } = options;
  torch.manualSeed(config.seed);
  if (adapterFolder === undefined) return onLearningModules(model, addLora(model, config.lora), options);
  return { adapter: loadLora(model, adapterFolder, { dropout: config.lora.dropout }), unreached: 0 };
}

/**
 * @param keep comes before the summary: whatever happens to that, what was trained is kept
 * @returns undefined on a rank that is not the first, which writes nothing
 */
async function takeBatches(
  options: FinetuneOptions,
  state: RunState,
  keep: () => void,
): Promise<FinetuneResult | undefined> {
  const { folder, model, pairs, config, padId, signal, group } = options;
  const { adapter, optimizer, scaler } = state;
  const { start, from } = await startOf(options, state);
  options.onBegin?.();
  const wasCheckpointing = model.gradientCheckpointing;
  model.gradientCheckpointing = config.gradientCheckpointing;
  using written = isFirst(group) ? new Written(options, state, from) : undefined;
  try {
    written?.begin();
    const loss = configuredLoss(model, adapter, { config, padId, start });
    await train<TokenBatch>({
      model,
      isClaimed: true,
      parameters: namedAsInFiles(adapter),
      optimizer,
      loss(batch) {
        if (batch.share?.seed !== undefined) torch.manualSeed(batch.share.seed);
        const { autocast: dtype } = config;
        return dtype === null ? loss(batch) : torch.autocast({ device: model.device, dtype }, () => loss(batch));
      },
      batches: untilCollapse(tokenBatches(options, from.microBatch, start), written?.watch),
      tokensOf: ({ pairs, share }) => tokensIn(share?.whole.pairs ?? pairs),
      accumulate: config.accumulate,
      inPieces: config.microBatch === null ? undefined : inPieces(config, piecesSoFar(folder, from)),
      dropLeftoverAfter: config.dropLeftover ? batchesPerEpoch(pairs.length, config) : undefined,
      from,
      maxGradNorm: config.maxGradNorm ?? undefined,
      scaler,
      schedule: scheduleOf(config, pairs.length),
      signal,
      group,
      checkpoint: written?.timer,
      onStep(step) {
        written?.take(step);
        return options.onStep?.(step);
      },
    });
    if (!written) return undefined;
    keep();
    const result = resultOf(written.log.read(), pairs.length, config);
    written.watch?.end({ step: result.steps, microBatch: result.microBatches });
    return {
      ...result,
      ...(start !== null && { distance: { start, end: pairDistance(model, pairs, options) } }),
      ...(written.watch && { monitor: written.watch.summary() }),
      resumedFrom: from.microBatch || null,
    };
  } finally {
    model.gradientCheckpointing = wasCheckpointing;
  }
}

/** In how many pieces, a power of two, a run had to compute its batches before it was stopped. */
function piecesSoFar(folder: string, { microBatch }: Position): number {
  if (microBatch === 0) return 1;
  const most = readSteps(folder)
    .slice(0, microBatch)
    .reduce((most, { pieces = 1 }) => Math.max(most, pieces), 1);
  return 2 ** Math.ceil(Math.log2(most));
}

const isFirst = (group: ProcessGroup | undefined): boolean => !group || group.rank === 0;

const tokensIn = (pairs: readonly TokenPair[]): number =>
  pairs.reduce((sum, { selfIds, otherIds }) => sum + selfIds.length + otherIds.length, 0);

/** Where a run begins or goes on: the same on every rank. */
async function startOf(options: FinetuneOptions, state: RunState): Promise<{ start: number | null; from: Position }> {
  const { folder, model, pairs, config, resume, group } = options;
  // Measured on the adapter as it starts, also in a run that is taken up again: before the checkpoint is loaded.
  const own = isMeasured(config) && isFirst(group) ? pairDistance(model, pairs, options) : null;
  const checkpoint = join(folder, CHECKPOINT);
  const from = (resume && loadCheckpoint(checkpoint, state, wholeRun(config, pairs.length))) || {
    microBatch: 0,
    step: 0,
  };
  if (!group) return { start: own, from };
  const places = await group.allGatherJson(from.microBatch);
  const other = places.findIndex((place) => place !== places[0]);
  if (other > 0) {
    const [first, another] = [places[0], places[other]];
    throw new InputError(
      `${folder}: the run stands at batch ${first} for rank 0 and at ${another} for rank ${other}: all must see the same folder`,
    );
  }
  await takeFirstWeights(group, namedAsInFiles(state.adapter));
  return { start: await group.told(own), from };
}

/** What a run writes while it goes on, which several ranks leave to the first. */
class Written implements Disposable {
  readonly log: LineLog<StepRecord>;
  readonly watch: CollapseWatch | undefined;
  readonly timer: ReturnType<typeof savingTimer<Position>>;

  constructor(
    private readonly options: FinetuneOptions,
    state: RunState,
    private readonly from: Position,
  ) {
    const { folder, pairs } = options;
    this.log = new LineLog<StepRecord>(join(folder, STEPS), from.microBatch);
    this.watch = isWatched(options)
      ? new CollapseWatch({ ...options, tuned: pairs, from, onRecord: options.onMonitor })
      : undefined;
    this.timer = savingTimer(SAVING_SHARE, (position: Position) => {
      this.log.sync();
      this.watch?.sync();
      saveCheckpoint(join(folder, CHECKPOINT), state, position);
    });
  }

  begin(): void {
    if (this.from.microBatch === 0) this.watch?.after(this.from);
  }

  take(step: StepRecord): void {
    const { pairs, config } = this.options;
    this.log.append(step);
    if (endsStep(step, pairs.length, config)) this.watch?.after(step);
  }

  [Symbol.dispose](): void {
    this.log.close();
    this.watch?.[Symbol.dispose]();
  }
}

/** Whether a batch was the last of its step, so that the optimiser has taken it. */
function endsStep({ microBatch }: StepRecord, pairs: number, config: FinetuneConfig): boolean {
  const epoch = config.dropLeftover ? batchesPerEpoch(pairs, config) : Infinity;
  return (((microBatch - 1) % epoch) + 1) % config.accumulate === 0;
}

/** The batches, up to the step after which the watch ends the run. */
function* untilCollapse(batches: Iterable<TokenBatch>, watch: CollapseWatch | undefined): Generator<TokenBatch> {
  if (watch?.stops) return;
  for (const batch of batches) {
    yield batch;
    if (watch?.stops) return;
  }
}

const wholeRun = (config: FinetuneConfig, pairs: number): Position => ({
  microBatch: totalBatches(pairs, config),
  step: totalSteps(pairs, config),
});

const mayEndEarly = ({ untilShare, untilDistance }: FinetuneConfig): boolean =>
  untilShare !== null || untilDistance !== null;

const isMeasured = (config: FinetuneConfig): boolean =>
  config.measureDistance || config.overlapUnit === 'start' || mayEndEarly(config);

/**
 * Token ids of every batch after the first `done` ones, up to the end or the epoch that brought the pairs near enough; of
 * several ranks the first measures that, and the others end with it.
 */
function* tokenBatches(options: FinetuneOptions, done: number, start: number | null): Generator<TokenBatch> {
  const { pairs, neutral = [], config, model, group } = options;
  const perEpoch = batchesPerEpoch(pairs.length, config);
  const perBatch = config.documentsPerBatch ?? config.batch;
  const { untilShare, untilDistance, leastEpochs } = config;
  const goal = Math.max((untilShare ?? -1) * (start ?? NaN), untilDistance ?? -1);
  let number = done;
  for (const indices of microBatches(pairs.length, config, done)) {
    const [epochs, within] = [Math.floor(number / perEpoch), number % perEpoch];
    const mayEnd = isFirst(group) && mayEndEarly(config) && within === 0 && epochs >= Math.max(1, leastEpochs);
    if (mayEnd && pairDistance(model, pairs, options) <= goal) return;
    const first = number++ * perBatch;
    const documents = config.documentsPerBatch ?? indices.length;
    const batch = {
      pairs: indices.map((i) => pairs[i]),
      documents:
        config.capability === 0
          ? []
          : Array.from({ length: documents }, (_, i) => neutral[(first + i) % neutral.length] ?? []),
    };
    yield group ? shareOf(batch, config, { rank: group.rank, size: group.size, microBatch: number }) : batch;
  }
}

/** The adapter's parameters by the names that PEFT's files give them. */
const namedAsInFiles = (adapter: LoraAdapter): NamedParameter[] =>
  adapter.namedParameters().map(([name, parameter]) => [name.replace('.default.weight', '.weight'), parameter]);

function scheduleOf(config: FinetuneConfig, pairs: number): Schedule | undefined {
  const { schedule, warmupSteps } = config;
  const total = Math.max(warmupSteps, totalSteps(pairs, config));
  if (schedule === 'linear') return linear(warmupSteps, total);
  if (schedule === 'cosine') return cosine(warmupSteps, total);
  return warmupSteps > 0 ? warmup(warmupSteps) : undefined;
}

function resultOf(
  steps: readonly StepRecord[],
  pairs: number,
  config: FinetuneConfig,
): Pick<FinetuneResult, 'steps' | 'microBatches' | 'finalLoss' | 'epochLosses' | 'skippedSteps'> {
  const perEpoch = batchesPerEpoch(pairs, config);
  const epochs = Math.ceil(steps.length / perEpoch);
  const taken = { ...config, epochs };
  // What ends a run inside of an epoch ends it with a whole step.
  const isCut = steps.length < totalBatches(pairs, taken);
  return {
    steps: isCut ? (steps.at(-1)?.step ?? 0) : totalSteps(pairs, taken),
    microBatches: steps.length,
    finalLoss: steps.at(-1)?.loss ?? null,
    ...(config.autocast === 'float16' && { skippedSteps: steps.filter(({ skipped }) => skipped).length }),
    epochLosses: Array.from({ length: epochs }, (_, i) =>
      mean(steps.slice(i * perEpoch, (i + 1) * perEpoch).map(({ loss }) => loss)),
    ),
  };
}
