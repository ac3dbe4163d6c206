/** Averages of judgments, as FastChat's `show_result` has them, and by category. */
import { mean, overSeeds, type Interval } from '../../statistics';
import type { MtBenchJudgment, MtBenchQuestion } from './files';

export interface MtBenchScores {
  /** Means from 1 to 10; null without judgments of that turn. */
  firstTurn: number | null;
  secondTurn: number | null;
  /** Mean of all judgments. */
  average: number | null;
  /** Student's t over questions, of which each gives the mean of its turns; null for fewer than two. */
  ci95: Interval | null;
  /** Judgments with a score, and without: those count nowhere else. */
  n: number;
  unrated: number;
  /** Mean of both turns by category, in the order of the questions: the axes of the radar chart. */
  categories: Record<string, number | null>;
}

/**
 * Scores by model, the best first.
 * @param questions tell the categories; judgments of others count in no category
 */
export function mtBenchScores(
  judgments: readonly MtBenchJudgment[],
  questions: readonly MtBenchQuestion[],
): Record<string, MtBenchScores> {
  const models = [...new Set(judgments.map(({ model }) => model))];
  const scored = models.map((model) => [model, scoresOf(judgments.filter((one) => one.model === model), questions)] as const); // prettier-ignore
  return Object.fromEntries(scored.sort(([, a], [, b]) => (b.average ?? 0) - (a.average ?? 0)));
}

function scoresOf(all: readonly MtBenchJudgment[], questions: readonly MtBenchQuestion[]): MtBenchScores {
  const rated = all.filter(({ score }) => score !== -1);
  const average = (of: (one: MtBenchJudgment) => boolean): number | null => {
    const scores = rated.filter(of).map(({ score }) => score);
    return scores.length === 0 ? null : mean(scores);
  };
  const category = new Map(questions.map((one) => [String(one.question_id), one.category]));
  const names = [...new Set(questions.map((one) => one.category))];
  const asked = [...new Set(rated.map(({ question_id }) => question_id))];
  return {
    firstTurn: average(({ turn }) => turn === 1),
    secondTurn: average(({ turn }) => turn === 2),
    average: average(() => true),
    ci95: overSeeds(asked.map((id) => average(({ question_id }) => question_id === id) ?? 0)),
    n: rated.length,
    unrated: all.length - rated.length,
    categories: Object.fromEntries(
      names.map((name) => [name, average(({ question_id }) => category.get(String(question_id)) === name)]),
    ),
  };
}
