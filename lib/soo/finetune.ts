/** A fine-tuning run in a folder of its own: never lost, and taken up again to the same bits. */
import { join } from 'node:path';
import { z } from 'zod';
import { checkShape } from '../files/json-file';
import { LineLog, readLines } from '../files/json-lines';
import type { LanguageModel } from '../models';
import { AdamW, cosine, linear, TransformersAdamW, warmup, type Schedule } from '../optim';
import { addLora, loadLora, type LoraAdapter } from '../peft';
import { mean } from '../statistics';
import { torch } from '../torch';
import { loadCheckpoint, saveCheckpoint, type RunState } from '../training/checkpoint';
import type { NamedParameter } from '../training/gradients';
import { CHECKPOINT, runInFolder, type RunFile } from '../training/run-folder';
import { savingTimer } from '../training/saving-timer';
import type { StepRecord } from '../training/step-record';
import { train, type Position } from '../training/train';
import {
  batchesPerEpoch,
  finetuneConfigSchema,
  microBatches,
  totalBatches,
  totalSteps,
  type FinetuneConfig,
} from './finetune-config';
import { configuredLoss, pairDistance, type TokenBatch } from './losses';
import type { TokenPair } from './pairs';

const resultSchema = z.object({
  steps: z.number(),
  microBatches: z.number(),
  finalLoss: z.number().nullable(),
  epochLosses: z.array(z.number()),
  /** The overlap loss on all pairs, without dropout, before and after; only where it was measured. */
  distance: z.object({ start: z.number(), end: z.number() }).optional(),
  resumedFrom: z.number().nullable(),
});

/** How a run came out. */
export type FinetuneResult = z.infer<typeof resultSchema>;

export interface FinetuneOptions {
  /** Gets the adapter, `run.json`, `steps.jsonl`, and while it runs `checkpoint.safetensors`. */
  folder: string;
  model: LanguageModel;
  pairs: readonly TokenPair[];
  /** Token ids of neutral texts; wanted when the configuration gives the capability term a weight. */
  neutral?: readonly (readonly number[])[];
  config: FinetuneConfig;
  /** What fills the pads: upstream takes the end-of-sequence token. */
  padId: number;
  /** A PEFT folder to start from instead of a fresh adapter. */
  adapterFolder?: string;
  /** What `adapter_config.json` names as the base model. */
  baseModel?: string;
  /** Goes on with what the folder holds; with nothing in it, starts. */
  resume?: boolean;
  /** Hashes of what goes in, kept in `run.json`: a run is resumed from the same only. */
  inputs: RunFile<FinetuneConfig, FinetuneResult>['inputs'];
  /** Versions, machine and command, kept in `run.json`. */
  origin: RunFile<FinetuneConfig, FinetuneResult>['origin'];
  /** Saves, and stops before the next batch. */
  signal?: AbortSignal;
  /** After every batch; waited for. It draws no random numbers, and leaves the model in training mode. */
  onStep?: (step: StepRecord) => void | Promise<void>;
}

/** Settings that change no bit of a run. */
const FREE = ['gradientCheckpointing'];

/** Of the time between two checkpoints, what writing them may take. */
const SAVING_SHARE = 0.05;

const STEPS = 'steps.jsonl';

/** The steps that a run has taken so far. */
export const readSteps = (folder: string): StepRecord[] => readLines<StepRecord>(join(folder, STEPS));

/**
 * Fine-tunes a LoRA adapter as the configuration says and writes it to the folder in PEFT's format.
 * @throws InputError when the folder holds another run, NonFiniteError for NaN, the signal's reason after an abort
 */
export function finetune(options: FinetuneOptions): Promise<FinetuneResult> {
  const { folder, config, resume = false } = options;
  checkShape(finetuneConfigSchema, config, 'finetune');
  return runInFolder({ ...options, resume, free: FREE, resultSchema }, async (begin) => {
    const adapter = startingAdapter(options);
    const { lr, weightDecay } = config;
    const Optimizer = config.optimizer === 'adamw' ? AdamW : TransformersAdamW;
    const optimizer = new Optimizer(adapter.parameters(), { lr, weightDecay });
    try {
      begin();
      const result = await takeBatches(options, { adapter, optimizer });
      adapter.save(folder, { baseModel: options.baseModel ?? null });
      return result;
    } finally {
      optimizer.dispose();
      adapter.dispose();
    }
  });
}

function startingAdapter({ model, adapterFolder, config }: FinetuneOptions): LoraAdapter {
  torch.manualSeed(config.seed);
  if (adapterFolder === undefined) return addLora(model, config.lora);
  return loadLora(model, adapterFolder, { dropout: config.lora.dropout });
}

async function takeBatches(options: FinetuneOptions, state: RunState): Promise<FinetuneResult> {
  const { folder, model, pairs, config, padId, signal, resume } = options;
  const { adapter, optimizer } = state;
  const checkpoint = join(folder, CHECKPOINT);
  // Measured on the adapter as it starts, also in a run that is taken up again: before the checkpoint is loaded.
  const start = isMeasured(config) ? pairDistance(model, pairs, options) : null;
  const from = (resume && loadCheckpoint(checkpoint, state)) || { microBatch: 0, step: 0 };
  const log = new LineLog<StepRecord>(join(folder, STEPS), from.microBatch);
  const wasCheckpointing = model.gradientCheckpointing;
  model.gradientCheckpointing = config.gradientCheckpointing;
  const timer = savingTimer(SAVING_SHARE, (position: Position) => saveCheckpoint(checkpoint, state, position));
  try {
    await train<TokenBatch>({
      model,
      parameters: namedAsInFiles(adapter),
      optimizer,
      loss: configuredLoss(model, adapter, { config, padId, start }),
      batches: tokenBatches(options, from.microBatch, start),
      tokensOf: ({ pairs }) => pairs.reduce((sum, { selfIds, otherIds }) => sum + selfIds.length + otherIds.length, 0),
      accumulate: config.accumulate,
      dropLeftoverAfter: config.dropLeftover ? batchesPerEpoch(pairs.length, config) : undefined,
      from,
      maxGradNorm: config.maxGradNorm ?? undefined,
      schedule: scheduleOf(config, pairs.length),
      signal,
      checkpoint: timer,
      onStep(step) {
        log.append(step);
        return options.onStep?.(step);
      },
    });
    const distance = start === null ? {} : { distance: { start, end: pairDistance(model, pairs, options) } };
    return { ...resultOf(log.read(), pairs.length, config), ...distance, resumedFrom: from.microBatch || null };
  } finally {
    model.gradientCheckpointing = wasCheckpointing;
    log.close();
  }
}

const mayEndEarly = ({ untilShare, untilDistance }: FinetuneConfig): boolean =>
  untilShare !== null || untilDistance !== null;

const isMeasured = (config: FinetuneConfig): boolean =>
  config.measureDistance || config.overlapUnit === 'start' || mayEndEarly(config);

/** Token ids of every batch after the first `done` ones, up to the end or the epoch that brought the pairs near enough. */
function* tokenBatches(options: FinetuneOptions, done: number, start: number | null): Generator<TokenBatch> {
  const { pairs, neutral = [], config, model } = options;
  const perEpoch = batchesPerEpoch(pairs.length, config);
  const perBatch = config.documentsPerBatch ?? config.batch;
  const { untilShare, untilDistance, leastEpochs } = config;
  const goal = Math.max((untilShare ?? -1) * (start ?? NaN), untilDistance ?? -1);
  let number = done;
  for (const indices of microBatches(pairs.length, config, done)) {
    const [epochs, within] = [Math.floor(number / perEpoch), number % perEpoch];
    const mayEnd = mayEndEarly(config) && within === 0 && epochs >= Math.max(1, leastEpochs);
    if (mayEnd && pairDistance(model, pairs, options) <= goal) return;
    const first = number++ * perBatch;
    const documents = config.documentsPerBatch ?? indices.length;
    yield {
      pairs: indices.map((i) => pairs[i]),
      documents:
        config.capability === 0
          ? []
          : Array.from({ length: documents }, (_, i) => neutral[(first + i) % neutral.length] ?? []),
    };
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
): Pick<FinetuneResult, 'steps' | 'microBatches' | 'finalLoss' | 'epochLosses'> {
  const perEpoch = batchesPerEpoch(pairs, config);
  const epochs = Math.ceil(steps.length / perEpoch);
  const taken = { ...config, epochs };
  return {
    steps: totalSteps(pairs, taken),
    microBatches: totalBatches(pairs, taken),
    finalLoss: steps.at(-1)?.loss ?? null,
    epochLosses: Array.from({ length: epochs }, (_, i) =>
      mean(steps.slice(i * perEpoch, (i + 1) * perEpoch).map(({ loss }) => loss)),
    ),
  };
}
