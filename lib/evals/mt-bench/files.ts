/** MT-Bench in the files of FastChat (`fastchat/llm_judge`), which reads what is written here and the other way round. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../../files/input-error';
import { readInput } from '../../files/input-file';
import { checkShape, decodeText, fileError, parseJson } from '../../files/json-file';

const id = z.union([z.int(), z.string()]);

const questionSchema = z.looseObject({
  question_id: id,
  category: z.string(),
  turns: z.array(z.string()).min(1),
});
/** One line of `question.jsonl`. */
export type MtBenchQuestion = z.infer<typeof questionSchema>;

const choiceSchema = z.looseObject({
  index: z.int(),
  turns: z.array(z.string()),
  /** What ended each turn; FastChat has no such field, and passes over it. */
  ended: z.array(z.enum(['eos', 'budget'])).optional(),
});
export const answerSchema = z.looseObject({
  question_id: id,
  answer_id: z.string(),
  model_id: z.string(),
  choices: z.array(choiceSchema).min(1),
  tstamp: z.number(),
});
/** One line of `model_answer/<model>.jsonl`, or of the reference answers. */
export type MtBenchAnswer = z.infer<typeof answerSchema>;

export const judgmentSchema = z.looseObject({
  question_id: id,
  model: z.string(),
  /** The judging model and the name of its prompt. */
  judge: z.tuple([z.string(), z.string()]),
  user_prompt: z.string(),
  judgment: z.string(),
  /** From 1 to 10; -1 where the judgment names none. */
  score: z.number(),
  turn: z.int(),
  tstamp: z.number(),
  /** Tokens as the endpoint counted them; FastChat has no such field, and passes over it. */
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).optional(),
});
/** One line of `model_judgment/<judge>_single.jsonl`. */
export type MtBenchJudgment = z.infer<typeof judgmentSchema>;

const judgePromptSchema = z.looseObject({
  name: z.string(),
  type: z.string(),
  system_prompt: z.string(),
  prompt_template: z.string(),
  output_format: z.string(),
});
/** One line of `judge_prompts.jsonl`. */
export type JudgePrompt = z.infer<typeof judgePromptSchema>;

/** How every line of answers and judgments begins, FastChat's and ours. */
export const LINE_START = '{"question_id":';

/** @throws InputError with the file's name and the line */
export function readQuestions(path: string): MtBenchQuestion[] {
  const questions = readAll(path, questionSchema, 'questions');
  requireOnce(questions, path);
  return questions;
}

/** Judgments of a file; FastChat averages lines that stand there twice, and so do we. @throws InputError as above */
export const readJudgments = (path: string): MtBenchJudgment[] => readAll(path, judgmentSchema, 'judgments');

/** Prompts by name. @throws InputError as above */
export const readJudgePrompts = (path: string): Map<string, JudgePrompt> =>
  new Map(readAll(path, judgePromptSchema, 'judge prompts').map((one) => [one.name, one]));

/** Answers by question, of which the last line of a question counts, as with FastChat. @throws InputError as above */
export const readAnswers = (path: string): Map<string, MtBenchAnswer> =>
  new Map(readAll(path, answerSchema, 'answers').map((one) => [String(one.question_id), one]));

/** Names of the models that have answers in a folder, which are those of its files. @throws InputError for none */
export function answeredModels(folder: string): string[] {
  const names = entriesOf(folder).filter((name) => name.endsWith('.jsonl'));
  if (names.length === 0) throw new InputError(`${folder}: holds no answers (*.jsonl)`);
  return names.map((name) => basename(name, '.jsonl')).sort();
}

/** The file of a model's answers. */
export const answersFile = (folder: string, model: string): string => join(folder, `${model}.jsonl`);

/** The name of a judge's file, as FastChat names it; what cannot be in a name becomes a dash. */
export const judgmentsName = (judge: string): string => `${judge.replace(/[/\\:\s]+/gu, '-')}_single.jsonl`;

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    throw fileError(thrown, folder);
  }
}

function readAll<T>(path: string, schema: z.ZodType<T>, what: string): T[] {
  const name = basename(path);
  const lines = decodeText(readInput(path), name).split('\n');
  const values = lines.flatMap((line, i) => {
    const place = `${name}: line ${i + 1}`;
    return line.trim() === '' ? [] : [checkShape(schema, parseJson(line, place), place)];
  });
  if (values.length === 0) throw new InputError(`${name}: holds no ${what}`);
  return values;
}

function requireOnce(questions: readonly MtBenchQuestion[], path: string): void {
  const ids = questions.map(({ question_id }) => String(question_id));
  const repeated = ids.find((one, i) => ids.indexOf(one) !== i);
  if (repeated !== undefined) throw new InputError(`${basename(path)}: has question ${shown(repeated)} twice`);
}
