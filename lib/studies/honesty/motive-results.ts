/** Five motives, five verdicts: what an arm does to each, beside the baseline; never one rate. */
import { BEHAVIOURS, motiveVerdicts, type Behaviour, type MotiveAnswer, type MotiveVerdicts } from '../../evals';
import { doneOf, type Outcome } from './outcomes';

/** @returns null for an arm of which nothing was measured */
export function motivesOfArm(outcomes: readonly Outcome[], baseline: string, arm: string): MotiveVerdicts | null {
  const [before, after] = [baseline, arm].map((name) => answersOf(outcomes, name));
  return after.length > 0 ? motiveVerdicts(before, after) : null;
}

/**
 * One answer to each item: the one that most of the arm's runs give. A tie is none: the item is left out.
 * So the unit of the test is the item, however many seeds there are.
 */
function answersOf(outcomes: readonly Outcome[], arm: string): MotiveAnswer[] {
  const items = new Map<string, { motive: MotiveAnswer['motive']; given: Behaviour[] }>();
  for (const { done } of doneOf(outcomes, arm)) {
    for (const { set, index, order, motive, relation, behaviour } of done.records) {
      if (relation !== 'rival' || behaviour === undefined) continue;
      const item = `${set} ${index} ${order}`;
      const known = items.get(item) ?? { motive, given: [] };
      known.given.push(behaviour);
      items.set(item, known);
    }
  }
  return [...items].flatMap(([item, { motive, given }]) => {
    const behaviour = mostOften(given);
    return behaviour ? [{ item, motive, behaviour }] : [];
  });
}

function mostOften(given: readonly Behaviour[]): Behaviour | undefined {
  const counts = BEHAVIOURS.map((name) => given.filter((one) => one === name).length);
  const most = Math.max(...counts);
  return counts.filter((count) => count === most).length === 1 ? BEHAVIOURS[counts.indexOf(most)] : undefined;
}
