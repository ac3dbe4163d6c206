import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { torch, type Device } from '../torch';
import { isGgufFile } from '../checkpoints/gguf/header';
import { loadModel, type LanguageModel } from '../models';
import type { ResolvedModel } from '../hub';
import { loadLora, type LoraAdapter } from '../peft';
import type { Tokenizer } from '../text';
import { checked, InputError } from './command';
import { MODEL_HELP, namedModel } from './named-model';

const DTYPES = ['float32', 'float64', 'float16', 'bfloat16', 'auto'] as const;

const modelSchema = z.object({
  model: z.string(),
  adapter: z.string().optional(),
  device: z.string().default('cpu'),
  dtype: z.enum(DTYPES).optional(),
});

/** A model ready to compute, with its tokenizer. */
export interface LoadedModel {
  model: LanguageModel;
  tokenizer: Tokenizer;
  adapter: LoraAdapter | undefined;
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
}

/** Adds --model, --adapter, --device and --dtype to a command. */
export function addModelOptions(
  command: Command,
  { adapter = 'PEFT folder of a LoRA adapter to apply to the model' } = {},
): void {
  command
    .requiredOption('--model <model>', MODEL_HELP)
    .option('--adapter <dir>', adapter)
    .option('--device <name>', 'cpu, cuda:0, ...', 'cpu')
    .option('--dtype <name>', `${DTYPES.join(', ')} (default: float32 on the CPU, the checkpoint's own elsewhere)`);
}

/**
 * Loads what {@link addModelOptions} asked for.
 * @throws InputError for a model that is missing or damaged, an unknown device or dtype, or a model without tokenizer
 */
export async function loadNamedModel(options: Readonly<Record<string, unknown>>): Promise<LoadedModel> {
  const { model, tokenizer, found, adapterFolder } = await loadBase(options);
  const adapter = adapterFolder === undefined ? undefined : loadLora(model, adapterFolder);
  model.eval();
  return { model, tokenizer, adapter, found };
}

/** The same without the adapter, for commands that put it on themselves. */
export async function loadBase(options: Readonly<Record<string, unknown>>): Promise<LoadedBase> {
  if (options.dtype !== undefined && !DTYPES.some((dtype) => dtype === options.dtype)) {
    throw new InputError(`--dtype ${String(options.dtype)}: must be one of ${DTYPES.join(', ')}`);
  }
  const { model: named, adapter: adapterFolder, device: deviceName, dtype } = checked(modelSchema, options);
  const device = knownDevice(deviceName);
  if (adapterFolder !== undefined) requireFolder('--adapter', adapterFolder);
  const found = await namedModel(named);
  requireModel(found.path);
  const model = loadModel(found.path, { device, dtype });
  if (!model.tokenizer)
    throw new InputError(`tokenizer.json: no such file in ${found.path}, and no tokenizer.model either`);
  return { model, tokenizer: model.tokenizer, found, adapterFolder };
}

/** @throws InputError, one line with the devices that are there and, for CUDA, why it is not */
export function knownDevice(name: string): Device {
  const devices = torch.devices().map(String);
  const known = name === 'cuda' ? devices.some((device) => device.startsWith('cuda')) : devices.includes(name);
  if (known) return torch.device(name);
  const why = name.startsWith('cuda') ? torch.cuda.whyUnavailable() : null;
  const reason = why === null ? '' : `; ${why}`;
  throw new InputError(`--device ${name}: this machine and this libtorch have ${devices.join(', ')}${reason}`);
}

/** @throws InputError for a path that is neither a folder's nor a GGUF file's */
export function requireModel(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() && isGgufFile(path)) return;
  requireFolder('--model', path);
}

function requireFolder(option: string, folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError(`${option} ${folder}: no such folder`);
}
