/** Every family, by its name. */
import { InputError, shown } from '../../files/input-error';
import { burglar } from './burglar';
import { escapeRoom } from './escape-room';
import type { Family } from './family';
import { game } from './game';
import { market } from './market';
import { debtCollector } from './motives/debt-collector';
import { dinner } from './motives/dinner';
import { gift } from './motives/gift';
import { hiddenPerson } from './motives/hidden-person';
import { landlord } from './motives/landlord';
import { orderedClerk } from './motives/ordered-clerk';
import { orderedGuide } from './motives/ordered-guide';
import { weapon } from './motives/weapon';
import { negotiation } from './negotiation';
import { security } from './security';
import { travel } from './travel';
import { treasureHunt } from './treasure-hunt';
import { workplace } from './workplace';

/** A new family is one file, and its line here. */
export const FAMILIES: readonly Family[] = [
  burglar,
  treasureHunt,
  escapeRoom,
  workplace,
  market,
  game,
  travel,
  negotiation,
  security,
  orderedClerk,
  orderedGuide,
  hiddenPerson,
  weapon,
  gift,
  dinner,
  debtCollector,
  landlord,
];

export function familyCalled(name: string): Family {
  const family = FAMILIES.find((one) => one.name === name);
  if (family) return family;
  throw new InputError(`wanted a family of ${FAMILIES.map((one) => one.name).join(', ')}, got ${shown(name)}`);
}
