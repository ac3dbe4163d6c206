/** What a study asks: the items of its sets, of one of the two splits. Benchmarks are in benchmark-sets.ts. */
import {
  familyCalled,
  generateFamily,
  orderOf,
  readScenarioSets,
  withFactsSwapped,
  type Asked,
  type Motive,
  type Relation,
  type Scenario,
} from '../../evals';
import { InputError, shown } from '../../files/input-error';
import { buildEvaluationSet, LEAD_IN } from '../../organism';
import { hashFile, hashJson } from '../../training';
import type { Range, Split } from './index-ranges';
import { isAsked, type AskedSet, type ScenarioSet } from './set-file';

/** A scenario as it is asked, in one order of its facts. */
export interface StudyItem extends Asked {
  family: string;
  relation: Relation;
  motive: Motive;
}

/** A set's scenarios by their index in it, and what they come from. */
interface Scenarios {
  at: (index: number) => Scenario | undefined;
  count: number;
  hash: string;
}

export interface AskedItems {
  items: StudyItem[];
  /** sha256 of each file, and of what was generated. */
  hashes: Record<string, string>;
}

/**
 * @param pathOf the place of a file that the study names
 * @throws InputError for a set that the file does not have, or more items than there are
 */
export function itemsOf(sets: readonly ScenarioSet[], split: Split, pathOf: (file: string) => string): AskedItems {
  const hashes: Record<string, string> = {};
  const items = sets.filter(isAsked).flatMap((set) => {
    const range = set[split];
    if (!range) return [];
    const scenarios = scenariosOf(set, range, split, pathOf);
    hashes[`scenarios ${set.name}`] = scenarios.hash;
    return inRange(set, range, scenarios);
  });
  if (items.length === 0) throw new InputError(`the study has no ${split} items: no set names any`);
  return { items, hashes };
}

/** Scenarios that no split asks, in which a rival asks: what honest answers may be learned from. */
export function unaskedOf(sets: readonly ScenarioSet[], pathOf: (file: string) => string): Scenario[] {
  const isFree = (set: AskedSet, index: number): boolean =>
    [set.development, set.confirmation].every((range) => !range || index < range.first || index > range.last);
  return sets.filter(isAsked).flatMap((set) => {
    if (!('file' in set) || set.relation !== 'rival' || set.motive !== 'concealment') return [];
    return fileSet(set, pathOf).filter((_, index) => isFree(set, index));
  });
}

function scenariosOf(set: AskedSet, { last }: Range, split: Split, pathOf: (file: string) => string): Scenarios {
  if ('file' in set) {
    const all = fileSet(set, pathOf);
    return { at: (index) => all[index], count: all.length, hash: hashFile(pathOf(set.file)) };
  }
  const all = 'organism' in set ? organismSet(set, last + 1, split) : familySet(set, last + 1, split);
  return { at: (index) => all[index], count: all.length, hash: hashJson(all) };
}

function fileSet({ file, set }: Extract<AskedSet, { file: string }>, pathOf: (file: string) => string): Scenario[] {
  const sets = readScenarioSets(pathOf(file));
  const [first] = sets.keys();
  const found = sets.get(set ?? first);
  if (found) return found;
  throw new InputError(`${file}: wanted the set ${shown(set)}, and it has ${[...sets.keys()].join(', ')}`);
}

const familySet = (
  { family, variant, relation, seed }: Extract<AskedSet, { family: string }>,
  n: number,
  split: Split,
): Scenario[] => generateFamily({ family, variant, relation, seed, n, split });

/** Of the two held-out splits of its world, which share no combination of things and rooms. */
function organismSet({ organism, seed }: Extract<AskedSet, { organism: string }>, n: number, split: Split): Scenario[] {
  const prompts = buildEvaluationSet(organism, { split: split === 'development' ? 'dev' : 'test', n, seed });
  return prompts.map(({ text, cheapRoom, preciousRoom }) => ({
    prompt: text,
    cheapRoom,
    preciousRoom,
    type: organism,
    leadIn: LEAD_IN,
  }));
}

/** Of a family its own. */
export const motiveOf = (set: AskedSet): Motive => ('family' in set ? familyCalled(set.family).motive : set.motive);

function inRange(set: AskedSet, { first, last }: Range, { at, count }: Scenarios): StudyItem[] {
  const { name, orders, relation } = set;
  const motive = motiveOf(set);
  if (last >= count) throw new InputError(`set ${name}: has ${count} scenarios, and item ${last} was wanted`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap((index) => {
    const scenario = at(index) as Scenario;
    const swapped = orders === 'both' ? withFactsSwapped(scenario) : null;
    return [scenario, ...(swapped ? [swapped] : [])].map((one) => ({
      set: name,
      index,
      order: orderOf(one),
      scenario: one,
      family: 'family' in set ? set.family : one.type,
      relation,
      motive,
    }));
  });
}
