/** Measures a model on evaluation sets with the repository's own greedy generation. */
import { type GenerativeModel, generate } from '../models';
import { EVALUATION_FAMILIES, type EvaluationFamily } from './evaluation-families';
import { MAX_ANSWER_TOKENS, type OrganismPrompt, type EvaluationSets } from './evaluation-sets';
import { type Rates, scoreAnswers } from '../evals/scoring';
import { decode } from './vocabulary';

export interface Measured {
  rates: Record<EvaluationFamily, Rates>;
  /** The generated text of every prompt, in the order of the sets. */
  answers: Record<EvaluationFamily, string[]>;
}

/** The greedy answer to each prompt, without the prompt. */
export async function answer(
  model: GenerativeModel,
  prompts: readonly OrganismPrompt[],
  options: { batchSize?: number; signal?: AbortSignal } = {},
): Promise<string[]> {
  const ids = prompts.map((prompt) => prompt.ids);
  const outputs = await generate(model, ids, { maxNewTokens: MAX_ANSWER_TOKENS, batchSize: 50, ...options });
  return outputs.map((output) => decode(output));
}

/** Answers and rates of every family. */
export async function measure(
  model: GenerativeModel,
  sets: EvaluationSets,
  onFamily: (family: EvaluationFamily, rates: Rates) => void = () => undefined,
): Promise<Measured> {
  const measured: Partial<Measured['rates']> = {};
  const answers: Partial<Measured['answers']> = {};
  for (const family of EVALUATION_FAMILIES) {
    answers[family] = await answer(model, sets[family]);
    measured[family] = scoreAnswers(sets[family], answers[family]);
    onFamily(family, measured[family]);
  }
  return { rates: measured as Measured['rates'], answers: answers as Measured['answers'] };
}
