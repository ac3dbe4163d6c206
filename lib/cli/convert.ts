import type { Command } from 'commander';
import { z } from 'zod';
import { isGgufFile } from '../checkpoints/gguf/header';
import { convertGguf } from '../models';
import { checked, InputError, type Result } from './command';
import { requireModel } from './model-options';
import { namedModel, recordedModel } from './named-model';
import { startProgress } from './progress';

const DTYPES = ['float32', 'float16', 'bfloat16'] as const;

const optionsSchema = z.object({
  model: z.string(),
  out: z.string().min(1, 'must name a folder'),
  dtype: z.enum(DTYPES, { error: `must be one of ${DTYPES.join(', ')}` }).optional(),
});

export function define(command: Command): void {
  command
    .requiredOption('--model <name>', 'GGUF file, or one on the hub: ORG/NAME:FILE.gguf')
    .requiredOption('--out <dir>', 'Hugging Face folder to make: weights, config, tokenizer, chat template')
    .option('--dtype <name>', `${DTYPES.join(', ')} (default: float32, or the file's own where it is not quantised)`);
}

/** `soo convert`: a GGUF file as a folder that transformers reads. */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const { model, out, dtype } = checked(optionsSchema, options);
  const found = await namedModel(model);
  if (!isGgufFile(found.path))
    throw new InputError(`--model ${model}: wanted a GGUF file, FILE.gguf or ORG/NAME:FILE.gguf`);
  requireModel(found.path);
  const start = performance.now();
  let progress: ReturnType<typeof startProgress> | undefined;
  const converted = convertGguf(found.path, {
    out,
    dtype,
    onTensor(done, total) {
      progress ??= startProgress('convert', total);
      progress.update(done);
    },
  });
  progress?.stop();
  const seconds = (performance.now() - start) / 1000;
  const { modelType, tensors, parameters } = converted;
  const text = `${out}: ${modelType}, ${tensors} tensors, ${parameters} parameters in ${converted.dtype}, ${seconds.toFixed(1)} s`;
  return { json: { ...converted, out, seconds, ...recordedModel(found) }, text };
}
