import { statSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { isGgufFile } from '../checkpoints/gguf/header';
import { loadModel, type LanguageModel, type LoadOptions } from '../models';
import type { ResolvedModel } from '../hub';
import { loadLora, type LoraAdapter } from '../peft';
import type { Tokenizer } from '../text';
import { hashFolder } from '../training';
import type { Progress } from '../training/progress';
import { checked, InputError } from './command';
import { addDeviceOptions, deviceSchema, placeOf } from './device-options';
import { MODEL_HELP, namedAdapter, namedModel } from './named-model';
import { startProgress } from './progress';

export const DTYPES = ['float32', 'float64', 'float16', 'bfloat16', 'auto'] as const;

const modelSchema = deviceSchema.extend({
  model: z.string(),
  adapter: z.string().optional(),
  dtype: z.enum(DTYPES).optional(),
  quantize: z.literal('nf4').optional(),
});

/** A model ready to compute, with its tokenizer. */
export interface LoadedModel {
  model: LanguageModel;
  tokenizer: Tokenizer;
  adapter: LoraAdapter | undefined;
  adapterFolder: string | undefined;
  /** What --model stands for. */
  found: ResolvedModel;
}

/** A model without its adapter, and what was named. */
export interface LoadedBase {
  model: LanguageModel;
  tokenizer: Tokenizer;
  /** What --model stands for. */
  found: ResolvedModel;
  adapterFolder: string | undefined;
  /** How it was quantised as it was read. */
  quantize: LoadOptions['quantize'];
}

/** Adds --model, --adapter (false: not that), where the model goes, and its dtype to a command. */
export function addModelOptions(
  command: Command,
  {
    adapter = 'LoRA adapter to apply to the model: PEFT folder, or name on the hub',
  }: { adapter?: string | false } = {},
): void {
  command.requiredOption('--model <model>', MODEL_HELP);
  if (adapter !== false) command.option('--adapter <adapter>', adapter);
  addDeviceOptions(command);
  command
    .option('--dtype <name>', `${DTYPES.join(', ')} (default: float32 on the CPU, the checkpoint's own elsewhere)`)
    .addOption(new Option('--quantize <type>', 'keep linear layers, but for the head, in four bits').choices(['nf4']));
}

/**
 * Loads what {@link addModelOptions} asked for.
 * @throws InputError for a model that is missing or damaged, an unknown device or dtype, or a model without tokenizer
 */
export async function loadNamedModel(options: Readonly<Record<string, unknown>>): Promise<LoadedModel> {
  const { model, tokenizer, found, adapterFolder } = await loadBase(options);
  const adapter = adapterFolder === undefined ? undefined : loadLora(model, adapterFolder);
  model.eval();
  return { model, tokenizer, adapter, adapterFolder, found };
}

/** Hashes of the files that a model and its adapter were read from. */
export const loadedFiles = ({ found, adapterFolder }: LoadedModel): Record<string, string>[] =>
  [found.path, adapterFolder].filter((path) => path !== undefined).map(hashFolder);

/** The same without the adapter, for commands that put it on themselves. */
export async function loadBase(options: Readonly<Record<string, unknown>>): Promise<LoadedBase> {
  if (options.dtype !== undefined && !DTYPES.some((dtype) => dtype === options.dtype)) {
    throw new InputError(`--dtype ${String(options.dtype)}: must be one of ${DTYPES.join(', ')}`);
  }
  const { model: named, adapter, dtype, quantize, ...where } = checked(modelSchema, options);
  const place = placeOf(where);
  const adapterFolder = adapter === undefined ? undefined : (await namedAdapter(adapter)).path;
  if (adapterFolder !== undefined) requireFolder('--adapter', adapterFolder);
  const found = await namedModel(named);
  requireModel(found.path);
  const model = loadWatched(found.path, { ...place, dtype, quantize });
  if (!model.tokenizer)
    throw new InputError(`tokenizer.json: no such file in ${found.path}, and no tokenizer.model either`);
  return { model, tokenizer: model.tokenizer, found, adapterFolder, quantize };
}

/** Loads that take longer are shown, on stderr. */
const SHOWN_AFTER_MS = 2000;

/** Loads a model, with a bar of the bytes read where that takes long. */
export function loadWatched(folder: string, options: LoadOptions): LanguageModel {
  const begun = performance.now();
  let shown: Progress | undefined;
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  try {
    return loadModel(folder, {
      ...options,
      onProgress(done, total) {
        if (!shown && performance.now() - begun > SHOWN_AFTER_MS && done < total)
          shown = startProgress('load, MiB', megabytes(total));
        shown?.update(megabytes(done));
      },
    });
  } finally {
    shown?.stop();
  }
}

/** @throws InputError for a path that is neither a folder's nor a GGUF file's */
export function requireModel(path: string): void {
  if (!isGgufFile(path)) return requireFolder('--model', path);
  if (!statSync(path, { throwIfNoEntry: false })) throw new InputError(`--model ${path}: no such file`);
}

function requireFolder(option: string, folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`${option} ${folder}: no such folder`);
}
