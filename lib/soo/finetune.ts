/** A fine-tuning run in a folder of its own: never lost, and taken up again to the same bits. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LineLog } from '../files/line-log';
import { readEarlierRun, writeRunFile, type RunFile } from '../training/run-folder';
import { savingTimer } from '../training/saving-timer';
import type { Mistral } from '../models';
import { cosine, linear, TransformersAdamW, warmup, type Schedule } from '../optim';
import { addLora, loadLora, type LoraAdapter } from '../peft';
import { torch } from '../torch';
import type { NamedParameter } from '../training/gradients';
import { train, type Position, type StepRecord } from '../training/train';
import type { TokenPair } from './pairs';
import { loadCheckpoint, removeCheckpoint, saveCheckpoint, type RunState } from '../training/checkpoint';
import { batchesPerEpoch, totalBatches, totalSteps, type TuningConfig } from './finetune-config';
import { lossOf, type TokenBatch } from './configured-loss';
import { microBatches } from './micro-batches';
import { tuningResultSchema, type TuningResult } from './finetune-result';

export interface FinetuneOptions {
  /** Gets the adapter, `run.json`, `steps.jsonl`, and while it runs `checkpoint.safetensors`. */
  folder: string;
  model: Mistral;
  pairs: readonly TokenPair[];
  /** Token ids of neutral texts; wanted when the configuration gives the capability term a weight. */
  neutral?: readonly (readonly number[])[];
  config: TuningConfig;
  /** What fills the pads: upstream takes the end-of-sequence token. */
  padId: number;
  /** A PEFT folder to start from instead of a fresh adapter. */
  adapterFolder?: string;
  /** What `adapter_config.json` names as the base model. */
  baseModel?: string;
  /** Goes on with what the folder holds; with nothing in it, starts. */
  resume?: boolean;
  /** Hashes of what goes in, kept in `run.json`: a run is resumed from the same only. */
  inputs: RunFile<TuningConfig, TuningResult>['inputs'];
  /** Versions, machine and command, kept in `run.json`. */
  origin: RunFile<TuningConfig, TuningResult>['origin'];
  /** Saves, and stops before the next batch. */
  signal?: AbortSignal;
  /** After every batch. */
  onStep?: (step: StepRecord) => void;
}

/** Settings that change no bit of a run. */
const FREE = ['gradientCheckpointing'];

/** Of the time between two checkpoints, what writing them may take. */
const SAVING_SHARE = 0.05;

const [STEPS, CHECKPOINT] = ['steps.jsonl', 'checkpoint.safetensors'];

/**
 * Fine-tunes a LoRA adapter as the configuration says and writes it to the folder in PEFT's format.
 * @throws InputError when the folder holds another run, NonFiniteError for NaN, the signal's reason after an abort
 */
export async function finetune(options: FinetuneOptions): Promise<TuningResult> {
  const { folder, config, inputs, origin, resume = false } = options;
  const earlier = readEarlierRun(folder, { resume, config, inputs, free: FREE }, tuningResultSchema);
  if (earlier?.status === 'done' && earlier.result) return earlier.result;
  const about = (more: Pick<RunFile<TuningConfig, TuningResult>, 'status' | 'reason' | 'result'>): void =>
    writeRunFile(folder, { ...more, config, inputs, origin });
  const adapter = startingAdapter(options); // before anything is written: what it refuses must not leave a run behind
  const optimizer = new TransformersAdamW(adapter.parameters(), { lr: config.lr, weightDecay: config.weightDecay });
  try {
    mkdirSync(folder, { recursive: true });
    about({ status: 'running' });
    const result = await takeBatches(options, { adapter, optimizer });
    adapter.save(folder, { baseModel: options.baseModel ?? null });
    about({ status: 'done', result });
    removeCheckpoint(join(folder, CHECKPOINT));
    return result;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    try {
      about({ status: options.signal?.aborted ? 'interrupted' : 'failed', reason });
    } catch {
      // A disk that is full for the run is full for this note too: what went wrong first is what is told.
    }
    throw thrown;
  } finally {
    optimizer.dispose();
    adapter.dispose();
  }
}

function startingAdapter({ model, adapterFolder, config }: FinetuneOptions): LoraAdapter {
  torch.manualSeed(config.seed);
  if (adapterFolder === undefined) return addLora(model, config.lora);
  return loadLora(model, adapterFolder, { dropout: config.lora.dropout });
}

async function takeBatches(options: FinetuneOptions, state: RunState): Promise<TuningResult> {
  const { folder, model, pairs, config, padId, signal, resume } = options;
  const { adapter, optimizer } = state;
  const checkpoint = join(folder, CHECKPOINT);
  const from = (resume && loadCheckpoint(checkpoint, state)) || { microBatch: 0, step: 0 };
  const log = new LineLog<StepRecord>(join(folder, STEPS), from.microBatch);
  const wasCheckpointing = model.model.gradientCheckpointing;
  model.model.gradientCheckpointing = config.gradientCheckpointing;
  const timer = savingTimer(SAVING_SHARE, (position: Position) => saveCheckpoint(checkpoint, state, position));
  try {
    await train<TokenBatch>({
      model,
      parameters: namedAsInFiles(adapter),
      optimizer,
      loss: lossOf(model, adapter, config, padId),
      batches: tokenBatches(options, from.microBatch),
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
        options.onStep?.(step);
      },
    });
    return resultOf(log.read(), pairs.length, config, from.microBatch || null);
  } finally {
    model.model.gradientCheckpointing = wasCheckpointing;
    log.close();
  }
}

/** Token ids of every batch after the first `done` ones. */
function* tokenBatches({ pairs, neutral = [], config }: FinetuneOptions, done: number): Generator<TokenBatch> {
  let number = done;
  for (const indices of microBatches(pairs.length, config, done)) {
    const start = number++ * config.batch;
    yield {
      pairs: indices.map((i) => pairs[i]),
      documents: config.capability === 0 ? [] : indices.map((_, i) => neutral[(start + i) % neutral.length] ?? []),
    };
  }
}

/** The adapter's parameters by the names that PEFT's files give them. */
const namedAsInFiles = (adapter: LoraAdapter): NamedParameter[] =>
  adapter.namedParameters().map(([name, parameter]) => [name.replace('.default.weight', '.weight'), parameter]);

function scheduleOf(config: TuningConfig, pairs: number): Schedule | undefined {
  const { schedule, warmupSteps } = config;
  const total = Math.max(warmupSteps, totalSteps(pairs, config));
  if (schedule === 'linear') return linear(warmupSteps, total);
  if (schedule === 'cosine') return cosine(warmupSteps, total);
  return warmupSteps > 0 ? warmup(warmupSteps) : undefined;
}

function resultOf(
  steps: readonly StepRecord[],
  pairs: number,
  config: TuningConfig,
  resumedFrom: number | null,
): TuningResult {
  const perEpoch = batchesPerEpoch(pairs, config);
  const epochs = Math.ceil(steps.length / perEpoch);
  const mean = (losses: number[]): number => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return {
    steps: totalSteps(pairs, config),
    microBatches: totalBatches(pairs, config),
    finalLoss: steps.at(-1)?.loss ?? null,
    epochLosses: Array.from({ length: epochs }, (_, i) =>
      mean(steps.slice(i * perEpoch, (i + 1) * perEpoch).map(({ loss }) => loss)),
    ),
    resumedFrom,
  };
}
