/** The prompts that the organism is measured on: held-out combinations, both orders of the facts, one request each. */
import type { EvaluationPrompt } from '../evals/scoring';
import { drawHeldOut } from './combinations';
import { EVALUATION_FAMILIES, EVALUATIONS, isRequest, type EvaluationFamily } from './evaluation-families';
import { Random } from '../random';
import { encode } from './vocabulary';

export type OrganismPrompt = EvaluationPrompt<EvaluationFamily>;

/** Enough tokens for any answer and its `</s>`. */
export const MAX_ANSWER_TOKENS = 12;

export interface EvaluationOptions {
  split: 'dev' | 'test';
  /** Prompts per family. */
  n: number;
  seed: number;
}

/** `n` prompts of one family. Every family has random numbers of its own, so a longer `n` extends a shorter one. */
export function buildEvaluationSet(family: EvaluationFamily, options: EvaluationOptions): OrganismPrompt[] {
  const salt = EVALUATION_FAMILIES.indexOf(family) * 2 + (options.split === 'test' ? 1 : 0);
  const random = new Random(options.seed * 64 + salt);
  return Array.from({ length: options.n }, (_, i) => {
    const cheapFirst = i % 2 === 0;
    const combination = drawHeldOut(random, options.split);
    const drawn = EVALUATIONS[family].draw({ random, combination, cheapFirst, cheapRoomFirst: (i >> 1) % 2 === 0 });
    const { cheapRoom, preciousRoom } = combination;
    const order = cheapFirst ? 'cheap-first' : 'precious-first';
    return { family, isRequest: isRequest(family), ...drawn, ids: encode(drawn.text), cheapRoom, preciousRoom, order };
  });
}

export type EvaluationSets = Record<EvaluationFamily, OrganismPrompt[]>;

/** `n` prompts of every family. */
export function buildEvaluationSets(options: EvaluationOptions): EvaluationSets {
  const sets = EVALUATION_FAMILIES.map((family) => [family, buildEvaluationSet(family, options)] as const);
  return Object.fromEntries(sets) as EvaluationSets;
}
