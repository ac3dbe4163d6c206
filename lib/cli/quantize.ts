import { copyFileSync, existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { COMPANIONS } from '../hub/wanted-files';
import { checked, InputError, type Result } from './command';
import { DTYPES, loadWatched, requireModel } from './model-options';
import { namedModel, recordedModel } from './named-model';
import { makeFolder } from './out-folder';

const optionsSchema = z.object({
  model: z.string(),
  out: z.string().min(1, 'must name a folder'),
  dtype: z.enum(DTYPES),
});

export function define(command: Command): void {
  command
    .requiredOption('--model <model>', 'Hugging Face folder, or name on the hub: ORG/NAME, ORG/NAME@REVISION')
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
  const found = await namedModel(named);
  const { path: folder } = found;
  requireModel(folder);
  if (!statSync(folder).isDirectory())
    throw new InputError(
      `--model ${folder}: is one file; convert it to a folder first, for its tokenizer to come along`,
    );
  makeFolder(out);
  if (realpathSync(out) === realpathSync(folder)) throw new InputError(`--out ${out}: is the model's own folder`);
  const model = loadWatched(folder, { dtype, quantize: 'nf4' });
  model.save(out);
  for (const name of COMPANIONS) if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(out, name));
  const bytes = statSync(join(out, 'model.safetensors')).size;
  return {
    json: { out, bytes, ...recordedModel(found) },
    text: `${out}: ${(bytes / 2 ** 20).toFixed(1)} MiB of weights`,
  };
}
