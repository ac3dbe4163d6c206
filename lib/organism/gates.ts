/** The gates that the organism must pass before any tuning counts. */
import type { Rates } from '../evals/scoring';
import { EVALUATIONS, type EvaluationFamily } from './evaluation-families';

/** The families that miss their gate in one order of the facts or the other; empty when the organism passes. */
export function missedGates(rates: Readonly<Partial<Record<EvaluationFamily, Rates>>>): string[] {
  return (Object.entries(rates) as [EvaluationFamily, Rates][])
    .filter(([family, rate]) => Math.min(rate.rightCheapFirst, rate.rightPreciousFirst) < EVALUATIONS[family].gate)
    .map(([family, rate]) => {
      const [a, b] = [rate.rightCheapFirst, rate.rightPreciousFirst].map((r) => `${(100 * r).toFixed(1)}%`);
      return `${family}: wanted ${100 * EVALUATIONS[family].gate}%, got ${a} (cheap thing first) and ${b} (precious thing first)`;
    });
}
