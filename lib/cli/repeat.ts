import path, { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { pairsOf, readScenarioSets } from '../evals';
import { readInput } from '../files/input-file';
import { writeRepetitionReport } from '../report';
import { ARMS, repeatExperiment, type RepetitionPlan, type RepetitionResults } from '../studies/repetition';
import type { DeviceLike } from '../torch';
import { hashBytes, hashFile, hashFolder, originOf } from '../training';
import { addChatOptions, chatSettingsOf, formatOf, templateOf, warnIfRaw } from './chat-options';
import { checked, InputError, type Result } from './command';
import { drawnIfPossible } from './drawn';
import { addSettingFlags, checkedFlags, configOf } from './finetune-options';
import { addModelOptions, loadBase } from './model-options';
import { integer, integers } from './options';
import { makeFolder } from './out-folder';
import { ROOT } from './package-root';
import { textOf } from './repeat-text';
import { addWorkersOption, keptWork, workplace } from './workers';

const optionsSchema = z.object({
  pairs: z.string(),
  scenarios: z.string(),
  out: z.string().min(1),
  seeds: z.array(z.number()).default([276, 809, 609]),
  arms: z.array(z.enum(ARMS)).default([...ARMS]),
  workers: z.number().optional(),
  quantize: z.literal('nf4').optional(),
  limit: z.number(),
  maxNewTokens: z.number(),
  answerBatch: z.number(),
});

/** What the command decides by itself. */
const DECIDED = [
  ...(['seed', 'detachSelf', 'measureDistance', 'capability', 'documentsPerBatch', 'overlap'] as const),
  ...(['nameControl', 'heldOut', 'monitorEvery', 'stopOnCollapse'] as const),
] as const;

export function define(command: Command): void {
  addModelOptions(command, { adapter: false });
  command
    .requiredOption('--pairs <file>', "JSON list of [self, other], or upstream's pickle")
    .requiredOption('--scenarios <file>', "upstream's scenarios: its pickle, or JSON of the same fields")
    .requiredOption(
      '--out <dir>',
      'folder for report.html, results.json and a folder for each run; what is there is gone on with',
    )
    .option(
      '--seeds <list...>',
      "one run of every arm for each (default: upstream's first three, 276 809 609)",
      integers({ min: 0, max: 1e9 }),
    )
    .addOption(
      new Option('--arms <names...>', 'what is tuned: overlap, and controls beside it (default: all)').choices(ARMS),
    )
    .option('--limit <n>', 'the first n scenarios of each set', integer({ min: 1 }), 100)
    .option('--max-new-tokens <n>', 'most tokens of an answer', integer({ min: 1, max: 1_000_000 }), 75)
    .option('--answer-batch <n>', 'prompts answered side by side', integer({ min: 1, max: 65_536 }), 25)
    .addOption(new Option('--preset <name>', "upstream: with every quirk of the paper's code").choices(['upstream']));
  addWorkersOption(command);
  addChatOptions(command);
  addSettingFlags(command, DECIDED);
}

/**
 * `soo repeat`: the paper's experiment on any model: measured before tuning, tuned for self-other overlap and on
 * controls for every seed, and measured again.
 */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const bytes = readInput(options.pairs);
  const pairs = pairsOf(bytes, options.pairs);
  if (pairs.length === 0) throw new InputError(`${basename(options.pairs)}: holds no pairs`);
  const scenarios = readScenarioSets(options.scenarios);
  const { model, tokenizer, found } = await loadBase(given);
  const format = formatOf(given, tokenizer);
  const flags = checkedFlags(given);
  const finetune = configOf(flags, model, pairs.length);
  const { arms, seeds, limit, maxNewTokens, answerBatch: batchSize } = options;
  const plan: RepetitionPlan = {
    folder: makeFolder(options.out),
    settings: { arms: ARMS.filter((arm) => arms.includes(arm)), seeds, limit, maxNewTokens, batchSize, finetune },
    chat: chatSettingsOf(given),
    pairs,
    scenarios: [...scenarios],
    inputs: {
      model: hashFolder(found.path),
      dtype: model.dtype,
      ...(options.quantize && { quantize: options.quantize }),
      pairs: hashBytes(bytes),
      scenarios: hashFile(options.scenarios),
      ...templateOf(format),
    },
    origin: originOf(ROOT, ['soo', 'repeat', ...process.argv.slice(3)], found),
    baseModel: found.name ?? found.path,
    baseRevision: found.revision,
    force: flags.force,
  };
  const load = { device: String(model.device) as DeviceLike, dtype: model.dtype, quantize: options.quantize };
  const where = workplace(model, options.workers, (workers) => ({ workers, modelPath: found.path, load, threads: 1 }));
  const results = await keptWork<RepetitionResults>('repeat', options.out, (signal, onProgress) => {
    warnIfRaw(format);
    return repeatExperiment({ ...plan, ...where, signal, onProgress });
  });
  const file = path.resolve(options.out, 'results.json');
  const drawn = await drawnIfPossible(file, () => writeRepetitionReport(results, path.resolve(options.out)));
  const report = drawn?.report ?? null;
  return { json: { ...results, file, report }, text: textOf(results, { results: file, report }) };
}
