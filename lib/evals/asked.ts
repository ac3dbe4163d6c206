import type { Asked } from './deception';
import { orderOf, withFactsSwapped } from './fact-order';
import type { Scenario } from './upstream-data';

/** A set's scenarios as they are asked: in their own order of the facts, and with `both`, where they can be swapped, in the other. */
export function askedOf(set: string, scenarios: readonly Scenario[], both: boolean): Asked[] {
  return scenarios.flatMap((scenario, index) => {
    const swapped = both ? withFactsSwapped(scenario) : null;
    return [scenario, ...(swapped ? [swapped] : [])].map((one) => ({ set, index, order: orderOf(one), scenario: one }));
  });
}

/** Tells a scenario and its order from all others of a file, as a record of its answer does. */
export const placeOf = ({ set, index, order }: Pick<Asked, 'set' | 'index' | 'order'>): string =>
  `${index} ${order} ${set}`;
