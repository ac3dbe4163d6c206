/** What a pickle builds while it is read, and the plain JSON value that it comes to. */
import { PickleError } from './pickle-bytes';

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A container as Python has it. Lists, sets and dicts are filled after they were made, and may be shared. */
export class Container {
  /** Of a dict: keys and values in turn. */
  readonly items: Built[] = [];

  constructor(readonly kind: 'list' | 'tuple' | 'set' | 'frozenset' | 'dict') {}
}

export type Built = null | boolean | number | string | Container;

const DEEPEST = 64;
/** Characters and sixteen times the values that a file may come to when what it shares is written out each time. */
const LARGEST = 2 ** 27;

interface Settled {
  json: Json;
  cost: number;
}

/**
 * The JSON value of what was built. Tuples become lists; sets become lists in the order of Python's `sorted`, with which
 * the order no longer depends on the process that wrote them; dicts become objects.
 * @throws PickleError for what contains itself, is nested deeper than 64, or is made to be immense by sharing
 */
export function settle(root: Built): Json {
  // `null` marks what is being settled: met again, it contains itself.
  const known = new Map<Container, Settled | null>();
  const visit = (value: Built, depth: number): Settled => {
    if (!(value instanceof Container))
      return { json: value, cost: 16 + (typeof value === 'string' ? value.length : 0) };
    const before = known.get(value);
    if (before) return before;
    if (before === null) throw new PickleError(`a ${value.kind} contains itself`);
    if (depth > DEEPEST) throw new PickleError(`values are nested deeper than ${DEEPEST}`);
    known.set(value, null);
    const items = value.items.map((item) => visit(item, depth + 1));
    const cost = items.reduce((sum, item) => sum + item.cost, 16);
    if (cost > LARGEST) throw new PickleError('the values come to more than 128 MB when they are written out');
    const settled = { json: shape(value, items.map(({ json }) => json)), cost }; // prettier-ignore
    known.set(value, settled);
    return settled;
  };
  return visit(root, 0).json;
}

function shape({ kind, items }: Container, settled: Json[]): Json {
  if (kind === 'dict') return objectOf(settled);
  if (kind === 'list' || kind === 'tuple') return settled;
  for (const item of items) requireHashable(item);
  const sorted = settled.sort(compare);
  return sorted.filter((item, i) => i === 0 || compare(sorted[i - 1], item) !== 0);
}

function objectOf(items: Json[]): Json {
  const entries: [string, Json][] = [];
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i];
    if (typeof key !== 'string')
      throw new PickleError(`a dict has a key that is ${typeName(key)}, and only text is read`);
    entries.push([key, items[i + 1]]);
  }
  return Object.fromEntries(entries);
}

/** Settled before, so neither deep nor cyclic. A tuple that was checked is not looked at twice. */
function requireHashable(item: Built, seen = new Set<Container>()): void {
  if (!(item instanceof Container) || item.kind === 'frozenset' || seen.has(item)) return;
  if (item.kind !== 'tuple') throw new PickleError(`a set cannot hold a ${item.kind}`);
  seen.add(item);
  for (const inner of item.items) requireHashable(inner, seen);
}

const RANK = ['nothing', 'true or false', 'a number', 'text', 'a list', 'a dict'];

function typeName(value: Json): string {
  if (value === null) return RANK[0];
  if (Array.isArray(value)) return RANK[4];
  return { boolean: RANK[1], number: RANK[2], string: RANK[3], object: RANK[5] }[typeof value as 'boolean'];
}

/** Numbers by size, text by code points, lists item by item: Python's order; values of different types by their type. */
function compare(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compare(a[i], b[i]);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  return RANK.indexOf(typeName(a)) - RANK.indexOf(typeName(b)) || Number(a) - Number(b);
}

/** JavaScript compares UTF-16 units, which puts U+FFFD behind every emoji. */
function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0);
  }
  return a.length - b.length;
}
