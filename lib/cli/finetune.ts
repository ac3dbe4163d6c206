import { basename } from 'node:path';
import type { Command } from 'commander';
import { pairsOf, type TextPair } from '../evals';
import { ownFolder } from '../files/folders';
import { readInput } from '../files/input-file';
import { encodePrompts, type LanguageModel } from '../models';
import {
  EventFile,
  hashBytes,
  hashFolder,
  hashJson,
  originOf,
  stepLog,
  type Progress,
  type StepRecord,
} from '../training';
import {
  encodePairs,
  finetune,
  keepBack,
  keptText,
  monitorScalars,
  totalBatches,
  underAnotherName,
  watchedPairs,
  watchText,
  type FinetuneResult,
  type MonitorRecord,
} from '../soo';
import { addChatOptions, formatOf, templateOf, warnIfRaw } from './chat-options';
import { InputError, type Given, type Result } from './command';
import { addFinetuneOptions, configOf, checkedFlags, type FinetuneFlags } from './finetune-options';
import { interruptible } from './interrupts';
import { addModelOptions, loadBase } from './model-options';
import { modelProgress } from './model-progress';
import { makeFolder } from './out-folder';
import { ROOT } from './package-root';
import { startProgress } from './progress';
import { promptsOf } from './prompts';
import { addRankOptions, asRank, isQuiet, type AsRank } from './ranks';
import { table } from './table';

export function define(command: Command): void {
  addModelOptions(command, {
    adapter: 'LoRA adapter to train on, instead of a fresh one: PEFT folder, or name on the hub',
  });
  addFinetuneOptions(command);
  addChatOptions(command);
  addRankOptions(command);
}

/** `soo finetune`: tunes a LoRA adapter so that the model's computations for self and other come together. */
export const run = (_: readonly string[], given: Given): Promise<Result> => asRank(given, (rank) => tune(given, rank));

async function tune(given: Given, { group, own }: AsRank): Promise<Result> {
  const options = checkedFlags(given);
  const files = { pairs: readInput(options.pairs), neutral: options.neutral === undefined ? null : readInput(options.neutral) }; // prettier-ignore
  const { texts, heldOut } = textsOf(files.pairs, options);
  const { model, tokenizer, found, adapterFolder, quantize } = await loadBase(own);
  const config = configOf(options, model, texts.length);
  const format = formatOf(given, tokenizer);
  const tuned = config.nameControl > 0 ? underAnotherName(texts) : texts;
  const { pairs, cut } = encodePairs(model, tuned, { format, pad: config.pad });
  const watched = encodePairs(model, watchedPairs(texts, heldOut), { format, pad: config.pad }).pairs;
  const neutral = files.neutral ? encodePrompts(model, promptsOf(files.neutral, String(options.neutral))) : [];
  makeFolder(options.out);
  const origin = originOf(ROOT, ['soo', 'finetune', ...process.argv.slice(3)], found);
  const quantised = quantize && { quantize };
  const inputs = {
    ...inputsOf(files, found.path, adapterFolder),
    ...(heldOut.length > 0 && { heldOut: hashJson(heldOut) }),
    ...quantised,
    ...templateOf(format),
  };
  const steps = isQuiet(group) ? undefined : watchSteps(options.out, model, totalBatches(pairs.length, config));
  const start = performance.now();
  const work = (signal: AbortSignal, onBegin: () => void): Promise<FinetuneResult> =>
    finetune({
      folder: options.out,
      model,
      pairs,
      watched: watched.length > 1 ? watched : undefined,
      neutral,
      config,
      adapterFolder,
      baseModel: found.name ?? found.path,
      baseRevision: found.revision,
      inputs,
      origin,
      signal,
      onBegin() {
        onBegin();
        if (!isQuiet(group)) warnIfRaw(format);
      },
      padId: tokenizer.eosId ?? 0,
      resume: options.resume,
      force: options.force,
      group,
      onStep: steps?.take,
      onMonitor: steps?.monitor,
    });
  try {
    const result = await interruptible(work, {
      notice: 'saving after this batch; press again to quit now',
      kept: `saved in ${options.out}; run the same command with --resume to continue`,
    });
    const seconds = (performance.now() - start) / 1000;
    const json = { ...result, pairs: pairs.length, cut, seconds, out: options.out, config, ...templateOf(format) };
    return { json, text: textOf(result, seconds, options.out, cut) };
  } finally {
    steps?.close();
  }
}

/** The pairs to tune on, and those that the run is watched by where they are others. */
function textsOf(
  bytes: Uint8Array,
  { pairs: file, heldOut = 0 }: FinetuneFlags,
): { texts: TextPair[]; heldOut: TextPair[] } {
  const texts = pairsOf(bytes, file);
  if (texts.length === 0) throw new InputError(`${basename(file)}: holds no pairs`);
  if (typeof heldOut === 'string') return { texts, heldOut: pairsOf(readInput(heldOut), heldOut) };
  const { tuned, heldOut: kept } = keepBack(texts, Number(heldOut));
  return { texts: tuned, heldOut: kept };
}

/** What the run is made from: a run goes on only from the same. */
function inputsOf(
  { pairs, neutral }: { pairs: Uint8Array; neutral: Uint8Array | null },
  model: string,
  adapter: string | undefined,
): Record<string, unknown> {
  return {
    model: hashFolder(model),
    adapter: adapter === undefined ? null : hashFolder(adapter),
    pairs: hashBytes(pairs),
    neutral: neutral && hashBytes(neutral),
  };
}

/** Progress on stderr and TensorBoard's file, which is made with the first step: before it the folder may be refused. */
function watchSteps(out: string, model: LanguageModel, total: number) {
  let shown: { progress: Progress; events: EventFile } | undefined;
  let [note, measured] = ['', undefined as MonitorRecord | undefined];
  const show = (microBatch: number): NonNullable<typeof shown> => {
    const resumedAt = microBatch > 1 ? microBatch : undefined;
    shown ??= {
      progress: modelProgress(startProgress, model, 'finetune', total),
      events: new EventFile(ownFolder(out, 'tensorboard'), { resumedAt }),
    };
    return shown;
  };
  const logMeasured = (events: EventFile): void => {
    if (measured) events.scalars(measured.microBatch, monitorScalars(measured));
    measured = undefined;
  };
  return {
    take(step: StepRecord) {
      const { microBatch, loss, pieces } = step;
      const { progress, events } = show(microBatch);
      progress.update(
        microBatch,
        `step ${step.step}, loss ${loss.toPrecision(4)}${pieces ? `, in ${pieces} pieces` : ''}${note}`,
      );
      stepLog(events)(step);
      logMeasured(events);
    },
    /** Logged with the step that comes next, which tells where the run goes on. */
    monitor(record: MonitorRecord) {
      measured = record;
      note = `, ${record.collapsed || note.includes(COLLAPSED) ? COLLAPSED : ''}${keptText(record.kept)}`;
    },
    close() {
      if (measured) logMeasured(show(measured.microBatch + 1).events);
      shown?.progress.stop();
      shown?.events.close();
    },
  };
}

const COLLAPSED = 'COLLAPSED, ';

function textOf(result: FinetuneResult, seconds: number, out: string, cut: number): string {
  const { steps, microBatches, epochLosses, resumedFrom, unreached, monitor } = result;
  const rows = epochLosses.map((loss, epoch) => [String(epoch + 1), loss.toPrecision(5)]);
  const lines = [
    table(['epoch', 'mean loss'], rows),
    `${steps} steps of ${microBatches} batches in ${seconds.toFixed(1)} s; the adapter is in ${out}`,
  ];
  if (resumedFrom !== null) lines.push(`Resumed after batch ${resumedFrom}.`);
  if (unreached !== undefined) {
    const what = unreached === 1 ? '1 target module has' : `${unreached} target modules have`;
    lines.push(
      `${what} no adapter: the loss ends below, and they would not learn (--adapt all: one each all the same).`,
    );
  }
  if (monitor) lines.push(watchText(monitor));
  if (cut > 0) {
    const what =
      cut === 1
        ? '1 prompt was longer than the padded width and was'
        : `${cut} prompts were longer than the padded width and were`;
    lines.push(`${what} cut.`);
  }
  return lines.join('\n');
}
