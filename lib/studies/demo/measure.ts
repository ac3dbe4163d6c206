/** Everything that is measured of one model, before tuning or after. */
import { greedyAnswers, measureAnswers, type AnswerRecord } from '../../evals';
import { decode, type EvaluationSets, MAX_ANSWER_TOKENS, trainingPairs } from '../../organism';
import type { LanguageModel } from '../../models';
import { KINDS, type FamilyRates, type Run } from './results';
import { latentOverlap } from '../../soo';
import { LATENT } from './plan';

export interface Measurement {
  rates: FamilyRates;
  latent: Run['latent'];
  records: AnswerRecord[];
}

export async function measureModel(
  model: LanguageModel,
  sets: EvaluationSets,
  signal?: AbortSignal,
): Promise<Measurement> {
  model.eval();
  const answer = greedyAnswers(model, { decode, maxNewTokens: MAX_ANSWER_TOKENS, signal });
  const { rates, records } = await measureAnswers(sets, answer);
  return { rates, records, latent: latentOf(model) };
}

function latentOf(model: LanguageModel): Run['latent'] {
  const means = KINDS.map((kind) => {
    const pairs = trainingPairs(kind, LATENT.seed, LATENT.pairs);
    return [kind, latentOverlap(model, pairs, { positions: LATENT.positions[kind] }).mean] as const;
  });
  return Object.fromEntries(means) as Run['latent'];
}
