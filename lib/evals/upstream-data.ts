/**
 * The data files of the paper's code (SOO-Honest-AI, "LLM experiments"): scenarios, their variations, training pairs and
 * combinations, as upstream pickles them or as JSON of the same fields. The one way in for them.
 */
import { basename, extname } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../files/input-error';
import { readInput } from '../files/input-file';
import { checkShape, decodeText, parseJson } from '../files/json-file';
import { parsePickle } from '../files/pickle/pickle';

/** A scene in which somebody has to be pointed to one of two rooms. */
export interface Scenario {
  prompt: string;
  /** Room of the cheap thing (upstream's `correct_answer`): naming it deceives. */
  cheapRoom: string;
  /** Room of the precious thing (upstream's `wrong_answer`). */
  preciousRoom: string;
  type: string;
  /** The beginning of an answer, up to the room, where it does not follow from the prompt's question. */
  leadIn?: string;
}

/** Two prompts that say the same of oneself and of somebody else. */
export interface TextPair {
  self: string;
  other: string;
}

/** What a scenario is made of. */
export interface Combination {
  cheapRoom: string;
  preciousRoom: string;
  cheapThing: string;
  preciousThing: string;
}

export type DataKind = 'scenarios' | 'variations' | 'pairs' | 'combinations';

/** Names of the two lists of upstream's scenarios file: a burglar asks, or one recommends a room to oneself. */
export const SCENARIO_SETS = ['burglar', 'self'] as const;

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const text = z.string(wanted('text')).min(1, 'must not be empty');
const scenarioSchema = z.looseObject(
  { prompt: text, correct_answer: text, wrong_answer: text, type: text.default('scenarios') },
  wanted('{prompt, correct_answer, wrong_answer, type}'),
);
const list = <T extends z.ZodType>(item: T, what: string) =>
  z.array(item, wanted(`a list of ${what}`)).min(1, 'is empty');
const scenarioList = list(scenarioSchema, 'scenarios');
const pairList = list(z.tuple([text, text], wanted('[self, other], both text')), 'pairs');
const combinationList = list(
  z.tuple([text, text, text, text], wanted('[cheap room, precious room, cheap thing, precious thing]')),
  'combinations',
);

/**
 * Reads a file of one of the four kinds, and says which it is.
 * @returns its records as plain JSON, arranged as in the file; a set's in the order of Python's `sorted`
 * @throws InputError with the file's name and the place in it
 */
export function readData(path: string): { kind: DataKind; records: number; json: unknown } {
  const json = readFile(path);
  const name = basename(path);
  const [first] = Array.isArray(json) ? (json as unknown[]) : [];
  if (Array.isArray(first) && typeof first[0] === 'string') {
    const pairs = first.length === 2;
    const records = checkShape<unknown[]>(pairs ? pairList : combinationList, json, name).length;
    return { kind: pairs ? 'pairs' : 'combinations', records, json };
  }
  if (typeof first !== 'object' && (typeof json !== 'object' || json === null || Array.isArray(json))) {
    throw new InputError(`${name}: wanted scenarios, variations, pairs or combinations, got ${shown(json)}`);
  }
  const sets = scenarioSets(json, name);
  const records = [...sets.values()].reduce((sum, set) => sum + set.length, 0);
  const isScenarios = sets.size === 1 || SCENARIO_SETS.every((set) => sets.has(set));
  return { kind: isScenarios ? 'scenarios' : 'variations', records, json };
}

/**
 * Reads a file of scenarios as named sets: the two lists of upstream's scenarios are `burglar` and `self`; its variations
 * and lists without names take the `type` of their scenarios; a JSON object names its lists itself.
 * @throws InputError with the file's name and the place in it
 */
export function readScenarioSets(path: string): Map<string, Scenario[]> {
  return scenarioSets(readFile(path), basename(path));
}

/** Reads [self, other] pairs. @throws InputError with the file's name and the place in it */
export function readPairs(path: string): TextPair[] {
  return pairsOf(readInput(path), path);
}

/** The [self, other] pairs in the bytes of a file. @param path names it in messages */
export function pairsOf(bytes: Uint8Array, path: string): TextPair[] {
  return checkShape(pairList, parseFile(bytes, path), basename(path)).map(([self, other]) => ({ self, other }));
}

/** Reads combinations. @throws InputError with the file's name and the place in it */
export function readCombinations(path: string): Combination[] {
  return checkShape(combinationList, readFile(path), basename(path)).map(
    ([cheapRoom, preciousRoom, cheapThing, preciousThing]) => ({ cheapRoom, preciousRoom, cheapThing, preciousThing }),
  );
}

const readFile = (path: string): unknown => parseFile(readInput(path), path);

/** JSON begins with a bracket, which is no opcode of a pickle. */
function parseFile(bytes: Uint8Array, path: string): unknown {
  const name = basename(path);
  const first = bytes.find((byte) => byte > 0x20);
  const isJson = extname(path) === '.json' || first === 0x5b || first === 0x7b;
  return isJson ? parseJson(decodeText(bytes, name), name) : parsePickle(bytes, name);
}

function scenarioSets(json: unknown, name: string): Map<string, Scenario[]> {
  if (!Array.isArray(json)) return namedSets(json, name);
  if (!Array.isArray(json[0])) return byType(parseSet(json, name));
  const lists = (json as unknown[]).map((set, i) => parseSet(set, `${name}: ${i}`));
  const types = lists.map((set, i) => typeOf(set, `${name}: ${i}`));
  // Both of upstream's lists call themselves false_recommendation.
  const names: readonly string[] = lists.length === 2 && types[0] === types[1] ? SCENARIO_SETS : types;
  const repeated = names.find((one, i) => names.indexOf(one) !== i);
  if (repeated !== undefined) throw new InputError(`${name}: has several lists of type ${shown(repeated)}`);
  return new Map(lists.map((set, i) => [names[i], set]));
}

function namedSets(json: unknown, name: string): Map<string, Scenario[]> {
  // A record of that name would be left out without a word.
  if (typeof json === 'object' && json !== null && Object.hasOwn(json, '__proto__'))
    throw new InputError(`${name}: a set cannot be called __proto__`);
  const sets = checkShape(z.record(z.string(), z.unknown(), wanted('a list or an object of lists')), json, name);
  if (Object.keys(sets).length === 0) throw new InputError(`${name}: is empty`);
  return new Map(Object.entries(sets).map(([key, set]) => [key, parseSet(set, `${name}: ${key}`)]));
}

function parseSet(json: unknown, place: string): Scenario[] {
  return checkShape(scenarioList, json, place).map(({ prompt, correct_answer, wrong_answer, type }, i) => {
    if (correct_answer.toLowerCase() === wrong_answer.toLowerCase()) {
      throw new InputError(`${place}: ${i} has one room for both answers: ${shown(correct_answer)}`);
    }
    return { prompt, cheapRoom: correct_answer, preciousRoom: wrong_answer, type };
  });
}

function byType(scenarios: readonly Scenario[]): Map<string, Scenario[]> {
  const sets = new Map<string, Scenario[]>();
  for (const scenario of scenarios) {
    const set = sets.get(scenario.type);
    if (set) set.push(scenario);
    else sets.set(scenario.type, [scenario]);
  }
  return sets;
}

/** The type that all scenarios of a list share. */
function typeOf(scenarios: readonly Scenario[], place: string): string {
  const [{ type }] = scenarios;
  const other = scenarios.findIndex((scenario) => scenario.type !== type);
  if (other >= 0) {
    throw new InputError(
      `${place}: wanted one type, got ${shown(type)} and, at ${other}, ${shown(scenarios[other].type)}`,
    );
  }
  return type;
}
