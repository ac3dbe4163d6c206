import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { mtBench } from '../../evals';
import { checked, InputError, type Result } from '../command';
import { table } from '../table';

const optionsSchema = z.object({ questions: z.string() });

export function define(command: Command): void {
  command
    .argument('<judgments>', 'a file that FastChat or soo mtbench judge wrote, or the folder with model_judgment in it')
    .requiredOption('--questions <file>', "FastChat's question.jsonl, which tells the categories");
}

/** `soo mtbench show`: averages as FastChat's show_result has them, and by category. */
export function run([place]: readonly string[], given: Readonly<Record<string, unknown>>): Result {
  const questions = mtBench.readQuestions(checked(optionsSchema, given).questions);
  const file = judgmentsIn(place);
  const scores = mtBench.mtBenchScores(mtBench.readJudgments(file), questions);
  return { json: { file, scores }, text: scoresText(scores) };
}

function judgmentsIn(place: string): string {
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return place;
  const folder = join(place, 'model_judgment');
  const isThere = statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  const files = isThere ? readdirSync(folder).filter((name) => name.endsWith('_single.jsonl')) : [];
  if (files.length !== 1)
    throw new InputError(`${place}: wanted one file model_judgment/*_single.jsonl, got ${files.length > 0 ? files.join(', ') : 'none'}`); // prettier-ignore
  return join(folder, files[0]);
}

const twoDigits = (value: number | null): string => (value === null ? '-' : value.toFixed(2));

/** A table of models, and one of their categories. */
export function scoresText(scores: Readonly<Record<string, mtBench.MtBenchScores>>): string {
  const models = Object.entries(scores);
  const rows = models.map(([model, { firstTurn, secondTurn, average, ci95, n, unrated }]) => {
    const interval = ci95 ? `${twoDigits(ci95[0])} to ${twoDigits(ci95[1])}` : '-';
    return [model, twoDigits(firstTurn), twoDigits(secondTurn), twoDigits(average), interval, n, unrated];
  });
  const categories = Object.keys(models[0]?.[1].categories ?? {});
  return [
    table(['model', 'turn 1', 'turn 2', 'average', '95% interval', 'n', 'unrated'], rows),
    table(
      ['category', ...models.map(([model]) => model)],
      categories.map((name) => [name, ...models.map(([, one]) => twoDigits(one.categories[name]))]),
    ),
  ].join('\n');
}
