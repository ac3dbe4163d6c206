/**
 * MT-Bench in a study: the answers of every run in FastChat's files, `mt-bench/` of the folder, and the scores of whatever
 * judgments lie beside them. Without any it is not judged, which is no score.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mtBench } from '../../evals';
import { ownFolder } from '../../files/folders';
import { PlainLines } from '../../files/json-lines';
import { writeTextAside } from '../../files/write-aside';
import { chatPrompts, instructedPrompts } from '../../text';
import type { StudyContext } from './context';
import type { ArmResult } from './results';
import type { Task } from './tasks';

const MT_BENCH = 'mt-bench';
const QUESTIONS = 'question.jsonl';

/** Answers what the study asks and the task's file lacks; each is kept as it comes. */
export async function answerMtBench(
  { model, format: { tokenizer }, plan, signal }: StudyContext,
  { task, instruction, onProgress }: { task: Task; instruction: string | null; onProgress: (text: string) => void },
): Promise<void> {
  if (!plan.checks.mtBench) return;
  const { questions, maxNewTokens, seed } = plan.checks.mtBench;
  const chat = plan.study.chat ?? {};
  const format = instruction === null ? chatPrompts(tokenizer, chat) : instructedPrompts(tokenizer, chat, instruction);
  const folder = ownFolder(plan.folder, MT_BENCH);
  writeTextAside(join(folder, QUESTIONS), questions.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const path = mtBench.answersFile(ownFolder(folder, 'model_answer'), task.id);
  using lines = new PlainLines(path, mtBench.answerSchema, mtBench.LINE_START);
  const done = new Set(lines.earlier.map(({ question_id }) => String(question_id)));
  const left = questions.filter(({ question_id }) => !done.has(String(question_id)));
  const options = { modelId: task.id, format, maxNewTokens, seed, batchSize: plan.study.batch, signal };
  let answered = done.size;
  for await (const answers of mtBench.answerQuestions(model, left, options)) {
    lines.append(answers);
    answered += answers.length;
    onProgress(`${answered} of ${questions.length} questions of MT-Bench`);
  }
}

/** What the folder holds by now. */
export interface MtBenchRead {
  questions: readonly mtBench.MtBenchQuestion[];
  judgments: readonly mtBench.MtBenchJudgment[];
  /** By task. */
  answers: ReadonlyMap<string, readonly mtBench.MtBenchAnswer[]>;
}

/** @returns null where no run has answered any */
export function readMtBench(study: string): MtBenchRead | null {
  const folder = join(study, MT_BENCH);
  const [answered, judged] = ['model_answer', 'model_judgment'].map((name) => join(folder, name));
  const questions = join(folder, QUESTIONS);
  if (!existsSync(questions)) return null;
  const lines = (of: string): string[] => (existsSync(of) ? readdirSync(of).filter((name) => name.endsWith('.jsonl')).sort() : []); // prettier-ignore
  const tasks = lines(answered).map((name) => name.replace(/\.jsonl$/u, ''));
  const files = lines(judged).filter((name) => name.endsWith('_single.jsonl'));
  return {
    questions: mtBench.readQuestions(questions),
    judgments: files.flatMap((name) => mtBench.readJudgments(join(judged, name))),
    answers: new Map(
      tasks.map((task) => [task, [...mtBench.readAnswers(mtBench.answersFile(answered, task)).values()]]),
    ),
  };
}

/** Of the runs of one arm together; null where they answered nothing. */
export function mtBenchOfArm(read: MtBenchRead | null, tasks: readonly string[]): ArmResult['mtBench'] {
  const answers = tasks.flatMap((task) => read?.answers.get(task) ?? []);
  if (!read || answers.length === 0) return null;
  const own = read.judgments.filter(({ model }) => tasks.includes(model));
  const [scores] = Object.values(mtBench.mtBenchScores(own.map((one) => ({ ...one, model: 'arm' })), read.questions)); // prettier-ignore
  const turns = answers.flatMap(({ choices }) => choices.flatMap(({ ended = [] }) => ended));
  return {
    answers: answers.length,
    cut: turns.filter((end) => end === 'budget').length,
    judged: scores?.n ?? 0,
    firstTurn: scores?.firstTurn ?? null,
    secondTurn: scores?.secondTurn ?? null,
    average: scores?.average ?? null,
    categories: scores?.categories ?? {},
  };
}
