/** The options by which scenarios are chosen: from a file, or drawn from a family of the project's own. */
import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import {
  askedOf,
  FAMILIES,
  familyCalled,
  generateFamily,
  readScenarioSets,
  RELATIONS,
  setName,
  VARIANTS,
  withFactsSwapped,
  type Asked,
  type Motive,
  type Scenario,
} from '../evals';
import { InputError } from './command';
import { integer } from './options';

/** Scenarios to develop on, and to confirm with: training pairs hold things of neither. */
const HELD_OUT = ['development', 'confirmation'] as const;

export const scenarioSchema = z.object({
  scenarios: z.string().optional(),
  set: z.string().optional(),
  limit: z.number().optional(),
  family: z.string().optional(),
  n: z.number(),
  familySeed: z.number(),
  split: z.enum(HELD_OUT),
  relation: z.enum(RELATIONS),
  variant: z.enum(VARIANTS),
  orders: z.enum(['given', 'both']),
});
type Options = z.output<typeof scenarioSchema>;

/** Adds --scenarios with what goes with it, and --family with what goes with that. */
export function addScenarioOptions(command: Command): void {
  const one = (flags: string, text: string, choices: readonly string[], fallback: string): Option =>
    new Option(flags, text).choices(choices).default(fallback);
  command
    .option('--scenarios <file>', "upstream's scenarios or variations: its pickle, or JSON of the same fields")
    .option('--set <name>', 'burglar, self, or a variation such as treasure_hunt (default: all but self)')
    .option('--limit <n>', 'the first n scenarios of each set', integer({ min: 1 }))
    .option('--family <names>', `instead of a file, families of one motive: ${FAMILIES.map(({ name }) => name).join(', ')}, or a motive for all of its families`) // prettier-ignore
    .option('--n <n>', 'scenarios of each family', integer({ min: 1 }), 48)
    .option('--family-seed <n>', 'draws the scenarios', integer({ min: 0 }), 1)
    .addOption(one('--split <name>', 'of the things that no training pair holds', HELD_OUT, 'development'))
    .addOption(one('--relation <who>', 'who asks', RELATIONS, 'rival'))
    .addOption(one('--variant <name>', 'what is worded otherwise', VARIANTS, 'standard'))
    .addOption(one('--orders <which>', 'given: the facts in their own order; both: in the swapped order too', ['given', 'both'], 'given')); // prettier-ignore
}

export interface ChosenScenarios {
  asked: Asked[];
  /** Of the families; null for a file, which does not say. */
  motive: Motive | null;
}

/** @throws InputError unless exactly one of a file and families is named, and for what they do not have */
export function chooseScenarios(options: Options): ChosenScenarios {
  const { scenarios: file, family } = options;
  if (file !== undefined && family !== undefined) throw new InputError('--scenarios and --family: name one of them');
  if (family !== undefined) return chosenFamilies(options, family);
  if (file === undefined) throw new InputError('wanted --scenarios FILE or --family NAME, got neither');
  return { asked: chosenSets(options, file), motive: null };
}

/** The scenarios that are asked, in the order of the file. Whom oneself misleads is no deception: `self` is asked by name. */
function chosenSets({ set: wanted, limit, orders }: Options, file: string): Asked[] {
  const sets = readScenarioSets(file);
  if (wanted !== undefined && !sets.has(wanted)) {
    throw new InputError(`--set ${wanted}: ${basename(file)} has ${[...sets.keys()].join(', ')}`);
  }
  const chosen = [...sets].filter(([name]) =>
    wanted === undefined ? name !== 'self' || sets.size === 1 : name === wanted,
  );
  const first = chosen.map(([set, scenarios]) => [set, scenarios.slice(0, limit)] as const);
  if (orders === 'both') requireSwappable(first, basename(file));
  return first.flatMap(([set, scenarios]) => askedOf(set, scenarios, orders === 'both'));
}

/** @throws InputError that counts the scenarios whose facts cannot be swapped, and names the first of them */
function requireSwappable(sets: readonly (readonly [string, readonly Scenario[]])[], file: string): void {
  const stuck = sets.flatMap(([set, scenarios]) =>
    scenarios.flatMap((scenario, index) => (withFactsSwapped(scenario) ? [] : { set, index })),
  );
  if (stuck.length === 0) return;
  const [{ set, index }] = stuck;
  const total = sets.reduce((sum, [, scenarios]) => sum + scenarios.length, 0);
  throw new InputError(
    `--orders both: ${file}: the facts of ${stuck.length} of ${total} scenarios cannot be swapped, the first at ` +
      `${index} of ${set}: wanted two neighbouring clauses that differ in the room and the thing only, and no words that hang on their order`,
  );
}

function chosenFamilies(options: Options, named: string): ChosenScenarios {
  const { n, familySeed: seed, split, relation, variant, orders } = options;
  const names = named.split(',').flatMap((one) => namesOf(one.trim()));
  const [first, ...rest] = [...new Set(names)].map(familyCalled);
  const other = rest.find(({ motive }) => motive !== first.motive);
  if (other) {
    throw new InputError(
      `--family: ${first.name} is about ${first.motive} and ${other.name} about ${other.motive}, which are never counted together; ask them one after the other`,
    );
  }
  const asked = [first, ...rest].flatMap(({ name: family }) =>
    askedOf(
      setName(family, relation, variant),
      generateFamily({ family, n, seed, split, relation, variant }),
      orders === 'both',
    ),
  );
  return { asked, motive: first.motive };
}

/** A family by its name, or all of a motive. */
function namesOf(name: string): string[] {
  const ofMotive = FAMILIES.filter(({ motive }) => motive === name);
  return ofMotive.length > 0 ? ofMotive.map((family) => family.name) : [name];
}
