import { copyFileSync, existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { checked, InputError, type Result } from './command';
import { DTYPES, loadWatched, requireModel } from './model-options';
import { MODEL_HELP, namedModel } from './named-model';
import { makeFolder } from './out-folder';

const optionsSchema = z.object({
  model: z.string(),
  out: z.string().min(1, 'must name a folder'),
  dtype: z.enum(DTYPES),
});

/** What belongs to a model beside its weights and config.json. */
const COMPANIONS: readonly string[] = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
];

export function define(command: Command): void {
  command
    .requiredOption('--model <name>', MODEL_HELP)
    .requiredOption('--out <dir>', 'folder to write, which transformers with bitsandbytes reads as well')
    .addOption(
      new Option('--dtype <name>', 'of what is not quantised; auto: as in the checkpoint')
        .choices(DTYPES)
        .default('auto'),
    );
}

/** `soo quantize`: a model's linear layers, but for the head, in four bits (NF4, double quantisation), as bitsandbytes. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const { model: named, out, dtype } = checked(optionsSchema, given);
  const { path: folder } = await namedModel(named);
  requireModel(folder);
  if (!statSync(folder).isDirectory())
    throw new InputError(
      `--model ${folder}: is one file; make it a folder first (soo convert), for its tokenizer to come along`,
    );
  makeFolder(out);
  if (realpathSync(out) === realpathSync(folder)) throw new InputError(`--out ${out}: is the model's own folder`);
  const model = loadWatched(folder, { dtype, quantize: 'nf4' });
  model.save(out);
  for (const name of COMPANIONS) if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(out, name));
  const bytes = statSync(join(out, 'model.safetensors')).size;
  return { json: { out, bytes }, text: `${out}: ${(bytes / 2 ** 20).toFixed(1)} MiB of weights` };
}
