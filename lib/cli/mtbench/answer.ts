import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { mtBench } from '../../evals';
import { ownFolder } from '../../files/folders';
import { readJsonFile } from '../../files/json-file';
import { PlainLines } from '../../files/json-lines';
import { writeTextAside } from '../../files/write-aside';
import { chatPrompts, type ChatFormat } from '../../text';
import { hashJson } from '../../training';
import { addChatOptions, chatSettingsOf } from '../chat-options';
import { checked, InputError, type Result } from '../command';
import { interruptible } from '../interrupts';
import { addModelOptions, loadedFiles, loadNamedModel, type LoadedModel } from '../model-options';
import { modelProgress } from '../model-progress';
import { recordedModel } from '../named-model';
import { integer } from '../options';
import { makeFolder } from '../out-folder';
import { startProgress } from '../progress';

const optionsSchema = z.object({
  model: z.string(),
  adapter: z.string().optional(),
  dtype: z.string().optional(),
  quantize: z.string().optional(),
  questions: z.string(),
  out: z.string().min(1),
  modelId: z.string().regex(/^[^/\\\s]+$/u, '--model-id: must be a name without slashes and spaces').optional(), // prettier-ignore
  maxNewTokens: z.number(),
  choices: z.number(),
  seed: z.number(),
  batch: z.number(),
  firstN: z.number().optional(),
});

type Options = z.infer<typeof optionsSchema>;

export function define(command: Command): void {
  addModelOptions(command);
  command
    .requiredOption('--questions <file>', "FastChat's question.jsonl")
    .requiredOption('--out <dir>', 'folder for model_answer/ID.jsonl; what is there is gone on with')
    .option('--model-id <name>', 'name of the model in the files (default: that of --model, and of --adapter)')
    .option('--max-new-tokens <n>', 'most tokens of a turn', integer({ min: 1, max: 1_000_000 }), 1024)
    .option('--choices <n>', 'answers to each question', integer({ min: 1, max: 100 }), 1)
    .option('--seed <n>', 'the same seed draws the same tokens', integer({ min: 0 }), 0)
    .option('--batch <n>', 'questions answered side by side', integer({ min: 1, max: 65_536 }), 8)
    .option('--first-n <n>', 'the first n questions alone', integer({ min: 1 }));
  addChatOptions(command);
}

/** `soo mtbench answer`: answers in FastChat's file, in the model's chat template. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const questions = mtBench.readQuestions(options.questions).slice(0, options.firstN);
  const loaded = await loadNamedModel(given);
  const format = chatPrompts(loaded.tokenizer, chatSettingsOf({ ...given, chat: true }) ?? {});
  const modelId = options.modelId ?? defaultId(options);
  const file = mtBench.answersFile(ownFolder(makeFolder(options.out), 'model_answer'), modelId);
  requireSameSettings(file, settingsOf(options, modelId, loaded, format));
  const work = (signal: AbortSignal, listen: () => void) => {
    listen();
    return answerAll(loaded, questions, { ...options, modelId, format, file, signal });
  };
  const answered = await interruptible(work, {
    notice: 'stopping after this token; press again to quit now',
    kept: `the questions that were answered are in ${file}; run the same command to continue from there`,
  });
  const { length: turns } = answered.ends;
  const truncated = answered.ends.filter((end) => end === 'budget').length;
  return {
    json: {
      modelId,
      file,
      questions: questions.length,
      resumed: answered.resumed,
      truncated,
      template: format.template,
      ...recordedModel(loaded.found),
    },
    text: `${file}: ${questions.length} questions, ${answered.resumed} of them answered before; ${truncated} of ${turns} turns were cut by --max-new-tokens`,
  };
}

const defaultId = ({ model, adapter }: Options): string =>
  [model, ...(adapter === undefined ? [] : [adapter])].map((path) => basename(path).replace(/\s+/gu, '-')).join('+');

/** Everything that the answers depend on; the batch and the questions are no part of it. */
function settingsOf(options: Options, modelId: string, loaded: LoadedModel, { template }: ChatFormat): object {
  const { dtype = null, quantize = null, maxNewTokens, choices, seed } = options;
  const device = String(loaded.model.device);
  const files = hashJson(loadedFiles(loaded));
  return { modelId, files, dtype, quantize, device, maxNewTokens, choices, seed, template };
}

/** FastChat's lines have no place for what they were made with: it lies beside them. */
function requireSameSettings(file: string, settings: object): void {
  const beside = join(file.replace(/\.jsonl$/u, '.settings.json'));
  if (!existsSync(file) && !existsSync(beside)) writeTextAside(beside, `${JSON.stringify(settings, null, 2)}\n`);
  const before: unknown = existsSync(beside) ? readJsonFile(beside) : null;
  if (hashJson(before) !== hashJson(settings))
    throw new InputError(`${file}: was made by another model, adapter, chat template or settings; take another --model-id or --out`); // prettier-ignore
}

type Asking = Options & { modelId: string; format: ChatFormat; file: string; signal: AbortSignal };

async function answerAll(
  { model }: LoadedModel,
  questions: readonly mtBench.MtBenchQuestion[],
  { modelId, format, file, maxNewTokens, choices, seed, batch: batchSize, signal }: Asking,
): Promise<{ resumed: number; ends: string[] }> {
  using lines = new PlainLines(file, mtBench.answerSchema, mtBench.LINE_START);
  const done = new Map(lines.earlier.map((one) => [String(one.question_id), one]));
  const left = questions.filter(({ question_id }) => !done.has(String(question_id)));
  const resumed = questions.length - left.length;
  const progress = modelProgress(startProgress, model, 'mtbench', questions.length);
  const settings = { modelId, format, maxNewTokens, choices, seed, batchSize, signal };
  try {
    for await (const answers of mtBench.answerQuestions(model, left, settings)) {
      lines.append(answers);
      for (const one of answers) done.set(String(one.question_id), one);
      progress.update(questions.filter(({ question_id }) => done.has(String(question_id))).length);
    }
  } finally {
    progress.stop();
  }
  const own = questions.flatMap(({ question_id }) => done.get(String(question_id)) ?? []);
  return {
    resumed,
    ends: own.flatMap((one) => one.choices.flatMap(({ turns, ended }) => ended ?? turns.map(() => ''))),
  };
}
