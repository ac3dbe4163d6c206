/** Questions with choices out of JSON lines: as lm-evaluation-harness logs its samples, or plain ones. */
import { basename } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../../files/input-error';
import { readInput } from '../../files/input-file';
import { checkShape, decodeText, parseJson } from '../../files/json-file';

export interface ChoiceQuestion {
  /** `doc_id` or `id` of the line, or its number. */
  id: string;
  context: string;
  /** What follows the context, each with the space or line break before it. */
  continuations: string[];
  /** Places of the right ones. */
  gold: number[];
}

const text = z.string().min(1);
const id = z.union([z.string(), z.number()]).optional();
const answer = z.union([z.int().min(0), text]);

const plainSchema = z
  .object({
    id,
    question: text.optional(),
    query: text.optional(),
    choices: z.array(text).min(2),
    answer: answer.optional(),
    gold: answer.optional(),
  })
  .refine(({ question, query }) => (question ?? query) !== undefined, 'has neither question nor query')
  .refine((line) => (line.answer ?? line.gold) !== undefined, 'has neither answer nor gold');

const pair = z.union([
  z.tuple([text, text]),
  z.object({ arg_0: text, arg_1: text }).transform((one): [string, string] => [one.arg_0, one.arg_1]),
]);
const sampleSchema = z.object({
  doc_id: id,
  arguments: z.union([z.array(pair), z.record(z.string(), pair).transform((one) => Object.values(one))]),
  target: z.union([answer, z.array(answer)]),
});

/**
 * Reads questions, one a line: `{question or query, choices, answer or gold}`, whose answer is the place of a choice from
 * 0, its letter, or its text, and whose choices follow the question behind a space; or samples that lm-evaluation-harness
 * logged of a task with several choices (`--log_samples`), whose texts are taken as they were asked.
 * @throws InputError with the file's name and the line
 */
export function readChoiceQuestions(path: string): ChoiceQuestion[] {
  const name = basename(path);
  const lines = decodeText(readInput(path), name).split('\n');
  const questions = lines.flatMap((line, i) => {
    const place = `${name}: line ${i + 1}`;
    return line.trim() === '' ? [] : [questionOf(parseJson(line, place), place, i)];
  });
  if (questions.length === 0) throw new InputError(`${name}: holds no questions`);
  const ids = questions.map((one) => one.id);
  const repeated = ids.find((one, i) => ids.indexOf(one) !== i);
  if (repeated !== undefined) throw new InputError(`${name}: has two questions of the id ${shown(repeated)}`);
  return questions;
}

function questionOf(json: unknown, place: string, index: number): ChoiceQuestion {
  if (typeof json === 'object' && json !== null && 'arguments' in json) return sampleOf(json, place, index);
  const line = checkShape(plainSchema, json, place);
  return {
    id: String(line.id ?? index),
    context: line.question ?? line.query ?? '',
    continuations: line.choices.map((choice) => ` ${choice}`),
    gold: goldOf(line.answer ?? line.gold ?? '', line.choices, place),
  };
}

function sampleOf(json: object, place: string, index: number): ChoiceQuestion {
  const sample = checkShape(sampleSchema, json, place);
  const contexts = new Set(sample.arguments.map(([context]) => context));
  if (contexts.size !== 1 || sample.arguments.length < 2)
    throw new InputError(`${place}: wanted the same context for two or more choices, got ${contexts.size} contexts for ${sample.arguments.length}`); // prettier-ignore
  const continuations = sample.arguments.map(([, continuation]) => continuation);
  const choices = continuations.map((one) => one.trimStart());
  const targets = [sample.target].flat();
  return {
    id: String(sample.doc_id ?? index),
    context: sample.arguments[0][0],
    continuations,
    gold: targets.flatMap((target) => goldOf(target, choices, place)),
  };
}

function goldOf(answer: string | number, choices: readonly string[], place: string): number[] {
  const letter = typeof answer === 'string' && /^[A-Z]$/u.test(answer) ? answer.charCodeAt(0) - 65 : -1;
  const digits = typeof answer === 'string' && /^\d+$/u.test(answer) ? Number(answer) : -1;
  const named = choices.findIndex((choice) => choice === answer);
  const gold = typeof answer === 'number' ? answer : named >= 0 ? named : Math.max(letter, digits);
  if (gold < 0 || gold >= choices.length)
    throw new InputError(`${place}: the answer ${shown(answer)} is none of the ${choices.length} choices`);
  return [gold];
}
