/** Judging MT-Bench's answers one by one, from 1 to 10, with FastChat's prompts. */
import { InputError, messageOf } from '../../files/input-error';
import { NoAnswer, type Endpoint } from './endpoint';
import type { JudgePrompt, MtBenchAnswer, MtBenchJudgment, MtBenchQuestion } from './files';

/** Categories that are judged beside a reference answer (`NEED_REF_CATS`). */
const WITH_REFERENCE = ['math', 'reasoning', 'coding', 'arena-hard-200'];
/** FastChat's bound of a judgment. */
const MAX_TOKENS = 2048;

/** One judgment that is wanted. */
export interface JudgeTask {
  question: MtBenchQuestion;
  model: string;
  turn: 1 | 2;
  prompt: JudgePrompt;
  userPrompt: string;
}

export interface JudgeMaterial {
  questions: readonly MtBenchQuestion[];
  /** By model, and by question. */
  answers: ReadonlyMap<string, ReadonlyMap<string, MtBenchAnswer>>;
  references: ReadonlyMap<string, MtBenchAnswer>;
  prompts: ReadonlyMap<string, JudgePrompt>;
}

/**
 * Every judgment that a full run has: all first turns, then all second ones.
 * @throws InputError for a question without an answer, a reference or a prompt: averages over some are of another test
 */
export function judgeTasks({ questions, answers, references, prompts }: JudgeMaterial): JudgeTask[] {
  return ([1, 2] as const).flatMap((turn) =>
    questions.flatMap((question) => {
      if (question.turns.length < turn) return [];
      const needsReference = WITH_REFERENCE.includes(question.category);
      const name = `single-${needsReference ? 'math-' : ''}v1${turn === 2 ? '-multi-turn' : ''}`;
      const prompt = prompts.get(name);
      if (!prompt) throw new InputError(`judge prompts: hold no ${name}`);
      const id = String(question.question_id);
      const reference = needsReference ? turnsOf(references.get(id), turn, `question ${id}: the references hold`) : [];
      return [...answers].map(([model, own]): JudgeTask => {
        const given = turnsOf(own.get(id), turn, `question ${id}: ${model} has`);
        const userPrompt = filledIn(prompt, valuesOf(turn, question.turns, given, reference));
        return { question, model, turn, prompt, userPrompt };
      });
    }),
  );
}

function turnsOf(answer: MtBenchAnswer | undefined, turn: number, who: string): string[] {
  const turns = answer?.choices[0].turns ?? [];
  if (turns.length < turn) throw new InputError(`${who} no answer to turn ${turn}`);
  return turns;
}

/** What FastChat's templates name. */
function valuesOf(
  turn: 1 | 2,
  questions: readonly string[],
  answers: readonly string[],
  references: readonly string[],
): Record<string, string> {
  const numbered = (name: string, texts: readonly string[]): [string, string][] =>
    texts.slice(0, turn).map((text, i) => [`${name}_${i + 1}`, text]);
  const asked: [string, string][] =
    turn === 1
      ? [['question', questions[0]], ['answer', answers[0]]] // prettier-ignore
      : [...numbered('question', questions), ...numbered('answer', answers)];
  return Object.fromEntries([...asked, ...numbered('ref_answer', references)]);
}

/** Python's `format`, for templates whose braces hold names alone. */
function filledIn({ name, prompt_template }: JudgePrompt, values: Readonly<Record<string, string>>): string {
  return prompt_template.replace(/\{(\w*)\}/gu, (_, key: string) => {
    if (!Object.hasOwn(values, key)) throw new InputError(`judge prompt ${name}: wants {${key}}, which there is not`);
    return values[key];
  });
}

/** The rating of a judgment, by FastChat's two patterns; -1 where neither is found. */
export function ratingIn(judgment: string): number {
  const found = /\[\[(\d+\.?\d*)\]\]/u.exec(judgment) ?? /\[(\d+\.?\d*)\]/u.exec(judgment);
  return found ? Number(found[1]) : -1;
}

/** Tells a judgment from all others of a file. */
export const judgmentKey = (one: Pick<MtBenchJudgment, 'question_id' | 'model' | 'turn' | 'judge'>): string =>
  JSON.stringify([one.question_id, one.model, one.turn, ...one.judge]);

/**
 * Tasks that have no judgment yet.
 * @throws InputError when one has, of another answer or with another prompt
 */
export function tasksLeft(tasks: readonly JudgeTask[], judge: string, done: readonly MtBenchJudgment[]): JudgeTask[] {
  const judged = new Map(done.map((one) => [judgmentKey(one), one.user_prompt]));
  return tasks.filter((task) => {
    const { question, model, turn, prompt, userPrompt } = task;
    const { question_id } = question;
    const before = judged.get(judgmentKey({ question_id, model, turn, judge: [judge, prompt.name] }));
    if (before !== undefined && before !== userPrompt)
      throw new InputError(`question ${question_id}, turn ${turn}: another answer of ${model} was judged before, or with another prompt; take another folder`); // prettier-ignore
    return before === undefined;
  });
}

export interface JudgeOptions {
  endpoint: Pick<Endpoint, 'complete'>;
  /** The judging model. */
  judge: string;
  /** Requests at a time. */
  parallel: number;
  /** Called with each judgment as soon as it is there, in the order in which they come. */
  keep: (judgment: MtBenchJudgment) => void;
}

export interface Unjudged {
  task: JudgeTask;
  why: string;
}

/** Tasks in a row that get no answer before the rest is given up. */
const MOST_FAILURES = 3;

/**
 * Has answers judged. What gets no judgment is told and leaves no line: the next run asks for it again.
 * @throws NoAccess, or the signal's reason; what was judged by then is kept
 */
export async function judgeAnswers(
  tasks: readonly JudgeTask[],
  { endpoint, judge, parallel, keep }: JudgeOptions,
): Promise<Unjudged[]> {
  const left = [...tasks];
  const failed: Unjudged[] = [];
  let [inARow, ended] = [0, false];
  const work = async (): Promise<void> => {
    while (!ended) {
      const task = left.shift();
      if (!task) return;
      try {
        keep(await judged(task, judge, endpoint));
        inARow = 0;
      } catch (thrown) {
        failed.push({ task, why: messageOf(thrown) });
        ended ||= !isOfOne(thrown) || ++inARow >= MOST_FAILURES;
        if (!isOfOne(thrown)) throw thrown;
      }
    }
  };
  // All that was asked is waited for: it is paid.
  const ends = await Promise.allSettled(Array.from({ length: parallel }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return [...failed, ...left.map((task) => ({ task, why: 'was not asked, as the ones before got no answer' }))];
}

/** Whether what went wrong is the request's alone. */
const isOfOne = (thrown: unknown): boolean => thrown instanceof NoAnswer;

async function judged(
  { question, model, turn, prompt, userPrompt }: JudgeTask,
  judge: string,
  endpoint: Pick<Endpoint, 'complete'>,
): Promise<MtBenchJudgment> {
  const { text, usage } = await endpoint.complete({
    model: judge,
    messages: [
      { role: 'system', content: prompt.system_prompt },
      { role: 'user', content: userPrompt },
    ],
    temperature: 0,
    max_tokens: MAX_TOKENS,
    n: 1,
  });
  return {
    question_id: question.question_id,
    model,
    judge: [judge, prompt.name],
    user_prompt: userPrompt,
    judgment: text,
    score: ratingIn(text),
    turn,
    tstamp: Date.now() / 1000,
    ...(usage && { usage }),
  };
}
