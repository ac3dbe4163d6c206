/** Every family, by its name. */
import { InputError, shown } from '../../files/input-error';
import { burglar } from './burglar';
import type { Family } from './family';

/** A new family is one file, and its line here. */
export const FAMILIES: readonly Family[] = [burglar];

export function familyCalled(name: string): Family {
  const family = FAMILIES.find((one) => one.name === name);
  if (family) return family;
  throw new InputError(`wanted a family of ${FAMILIES.map((one) => one.name).join(', ')}, got ${shown(name)}`);
}
