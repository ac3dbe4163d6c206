/** Questions, answers, references and prompts of our own in FastChat's form. */
import type { mtBench } from '../../../lib/evals';

export const CATEGORIES = ['writing', 'math', 'stem'];

export const questions = Array.from({ length: 6 }, (_, i): mtBench.MtBenchQuestion => ({
  question_id: 81 + i,
  category: CATEGORIES[i % 3],
  turns: [`Question ${81 + i}?`, `And then, {answer} ${81 + i}?`],
}));

export const answerOf = (model: string, { question_id }: mtBench.MtBenchQuestion): mtBench.MtBenchAnswer => ({
  question_id,
  answer_id: `${model}-${question_id}`,
  model_id: model,
  choices: [{ index: 0, turns: [`${model} first ${question_id}`, `${model} second ${question_id}`] }],
  tstamp: 1,
});

const byQuestion = (answers: mtBench.MtBenchAnswer[]): Map<string, mtBench.MtBenchAnswer> =>
  new Map(answers.map((one) => [String(one.question_id), one]));

export const answersOf = (model: string): Map<string, mtBench.MtBenchAnswer> =>
  byQuestion(questions.map((one) => answerOf(model, one)));

export const references = answersOf('reference');

const prompt = (name: string, prompt_template: string): mtBench.JudgePrompt => ({
  name,
  type: 'single',
  system_prompt: `You judge (${name}).`,
  prompt_template,
  description: name,
  category: 'general',
  output_format: '[[rating]]',
});

export const prompts = [
  prompt('single-v1', 'Q: {question}\nA: {answer}'),
  prompt('single-math-v1', 'Q: {question}\nR: {ref_answer_1}\nA: {answer}'),
  prompt('single-v1-multi-turn', '{question_1}|{answer_1}|{question_2}|{answer_2}'),
  prompt(
    'single-math-v1-multi-turn',
    '{question_1}|{ref_answer_1}|{question_2}|{ref_answer_2}|{question_1}|{answer_1}|{question_2}|{answer_2}',
  ),
];
