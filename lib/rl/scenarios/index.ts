/** Every scenario by its name: what is listed here, each command takes. */
import { InputError } from '../../files/input-error';
import type { Scenario } from '../scenario';
import { physicalDeception } from './physical-deception';
import { simpleAdversary } from './simple-adversary';

export const SCENARIOS: readonly Scenario[] = [physicalDeception, simpleAdversary];

/** @throws InputError that names the known ones */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found) return found;
  throw new InputError(`scenario: wanted one of ${SCENARIOS.map((known) => known.name).join(', ')}, got ${name}`);
}
