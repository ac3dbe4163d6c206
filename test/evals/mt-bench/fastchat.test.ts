import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { mtBench } from '../../../lib/evals';
import { expected } from '../../parity/expected';

/** Made by FastChat's own functions (make_mt_bench.py). */
const made = expected<{
  questions: mtBench.MtBenchQuestion[];
  answers: Record<string, mtBench.MtBenchAnswer[]>;
  references: mtBench.MtBenchAnswer[];
  prompts: mtBench.JudgePrompt[];
  judgments: mtBench.MtBenchJudgment[];
  shown: Record<'first' | 'second' | 'average', Record<string, number>>;
}>('mt-bench');

const dir = t.testdir({});
const file = (name: string, lines: readonly object[]): string => {
  const path = join(dir, name);
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
};
const questions = mtBench.readQuestions(file('question.jsonl', made.questions));
const judgments = mtBench.readJudgments(file('gpt-4_single.jsonl', made.judgments));

t.test('judges are asked what FastChat asks, and their ratings found where it finds them', (t) => {
  const tasks = mtBench.judgeTasks({
    questions,
    answers: new Map(Object.entries(made.answers).map(([model, lines]) => [model, mtBench.readAnswers(file(`${model}.jsonl`, lines))])),
    references: mtBench.readAnswers(file('gpt-4.jsonl', made.references)),
    prompts: mtBench.readJudgePrompts(file('judge_prompts.jsonl', made.prompts)),
  }); // prettier-ignore
  t.equal(tasks.length, judgments.length);
  t.same(mtBench.tasksLeft(tasks, 'gpt-4', judgments), [], 'each has its judgment, with the same prompt');
  t.equal(mtBench.tasksLeft(tasks, 'gpt-4', judgments.slice(5)).length, 5);
  for (const { judgment, score } of judgments) t.equal(mtBench.ratingIn(judgment), score, judgment);
  t.end();
});

t.test('averages are those of show_result', (t) => {
  const scores = mtBench.mtBenchScores(judgments, questions);
  for (const [model, { firstTurn, secondTurn, average, n, unrated }] of Object.entries(scores)) {
    t.match({ firstTurn, secondTurn, average }, { firstTurn: made.shown.first[model], secondTurn: made.shown.second[model], average: made.shown.average[model] }); // prettier-ignore
    t.equal(n + unrated, judgments.length / 2);
  }
  t.same(Object.keys(scores), ['ours', 'theirs'], 'the best first');
  t.same(Object.keys(scores.ours.categories), ['writing', 'roleplay', 'reasoning', 'math', 'coding', 'extraction', 'stem', 'humanities']); // prettier-ignore
  const math = judgments.filter(({ question_id, model, score }) => [84, 92].includes(Number(question_id)) && model === 'ours' && score > 0); // prettier-ignore
  t.equal(scores.ours.categories.math, math.reduce((sum, { score }) => sum + score, 0) / math.length);
  t.ok((scores.ours.ci95?.[0] ?? 0) < (scores.ours.average ?? 0));
  t.end();
});

t.test('lines that stand there twice count twice, and what has no rating nowhere', (t) => {
  const [one] = judgments;
  const lines = [8, 8, 2, -1].map((score) => ({ ...one, score, turn: 1 }));
  t.match(mtBench.mtBenchScores(lines, questions), { [one.model]: { firstTurn: 6, secondTurn: null, average: 6, ci95: null, n: 3, unrated: 1 } }); // prettier-ignore
  t.match(mtBench.mtBenchScores(lines.slice(3), questions), { [one.model]: { average: null, n: 0, unrated: 1 } });
  t.end();
});

t.test('files that are none are refused in one line', (t) => {
  const read = (line: object | string): unknown => {
    const path = file('bad.jsonl', []);
    writeFileSync(path, typeof line === 'string' ? line : JSON.stringify(line));
    return mtBench.readQuestions(path);
  };
  t.throws(() => read(''), { message: 'bad.jsonl: holds no questions' });
  t.throws(() => read('{'), { message: /^bad.jsonl: line 1: is not JSON/ });
  t.throws(() => read({ question_id: 1, turns: ['x'] }), { message: /^bad.jsonl: line 1: category / });
  const question = JSON.stringify(questions[0]);
  t.throws(() => read(`${question}\n${question}`), { message: 'bad.jsonl: has question "81" twice' });
  t.throws(() => mtBench.answeredModels(dir + '/none'), { message: /no such file/ });
  t.end();
});
