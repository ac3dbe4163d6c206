/** Byte-pair encoding as Python's `tokenizers` does it (models/bpe): words to ids. */
import { InputError, shown } from '../../files/input-error';
import { Heap } from '../heap';

export interface BpeSettings {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (string | readonly [string, string])[];
  readonly unkToken: string | null;
  /** Characters without a token become the tokens of their bytes, `<0x0A>`. */
  readonly byteFallback: boolean;
  /** Unknown characters in a row are one unknown token. */
  readonly fuseUnk: boolean;
  /** A word that is a token stays whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** What stands before every character but a word's first, and behind its last, in the vocabulary. */
  readonly continuingPrefix: string;
  readonly endSuffix: string;
}

interface Merge {
  at: number;
  rank: number;
  id: number;
}

/** Words whose ids are remembered, and the longest of them: texts repeat short words. */
const REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 256;

/** Words to ids. An id is undefined where the unknown token is asked for and is none. */
export function bpeModel(settings: BpeSettings): (word: string) => (number | undefined)[] {
  const ids = new Map(Object.entries(settings.vocab));
  const merges = mergeTable(settings, ids);
  const spell = speller(settings, ids);
  const remembered = new Map<string, (number | undefined)[]>();
  return (word) => {
    const known = remembered.get(word);
    if (known) return known;
    const whole = settings.ignoreMerges ? ids.get(word) : undefined;
    const found = whole === undefined ? merged(spell(word), merges) : [whole];
    if (word.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(word, found);
    }
    return found;
  };
}

/** What two neighbours become, by both their ids. */
type MergeTable = (left: number, right: number) => { rank: number; id: number } | undefined;

function mergeTable({ merges, continuingPrefix }: BpeSettings, ids: ReadonlyMap<string, number>): MergeTable {
  const table = new Map<number, { rank: number; id: number }>();
  // Ids are below 2^31, so that pairs are exact up to 2^22 of them; no vocabulary is larger.
  const size = 1 + [...ids.values()].reduce((most, id) => Math.max(most, id), 0);
  if (size > 2 ** 22) throw new InputError(`tokenizer.json: model.vocab has the id ${size - 1}; 2^22 is too many`);
  merges.forEach((merge, rank) => {
    const [left, right] = typeof merge === 'string' ? merge.split(' ', 2) : merge;
    const [a, b] = [left, right].map((part) => ids.get(part));
    const id = ids.get(left + right.slice(continuingPrefix.length));
    if (a === undefined || b === undefined || id === undefined) {
      throw new InputError(`tokenizer.json: model.merges ${shown(merge)} at ${rank} is not in the vocab`);
    }
    table.set(a * size + b, { rank, id });
  });
  return (left, right) => table.get(left * size + right);
}

/** A word character by character, before any are joined. */
function speller(settings: BpeSettings, ids: ReadonlyMap<string, number>): (word: string) => (number | undefined)[] {
  const { unkToken, fuseUnk, byteFallback, continuingPrefix, endSuffix } = settings;
  const unknown = unkToken === null ? undefined : ids.get(unkToken);
  const bytes = byteFallback ? byteIds(ids) : undefined;
  return (word) => {
    const out: (number | undefined)[] = [];
    let afterUnknown = false;
    const characters = Array.from(word);
    characters.forEach((character, i) => {
      const spelled = (i > 0 ? continuingPrefix : '') + character + (i === characters.length - 1 ? endSuffix : '');
      const id = ids.get(spelled);
      if (id !== undefined) out.push(id);
      else if (bytes) for (const byte of Buffer.from(spelled, 'utf8')) out.push(bytes[byte]);
      else if (unkToken !== null && !(fuseUnk && afterUnknown)) out.push(unknown);
      afterUnknown = id === undefined;
    });
    return out;
  };
}

/**
 * Ids of the byte tokens; undefined where the vocabulary has none.
 * @throws InputError where it has only some
 */
function byteIds(ids: ReadonlyMap<string, number>): number[] | undefined {
  const names = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const found = names.flatMap((name) => ids.get(name) ?? []);
  if (found.length > 0 && found.length < 256) {
    throw new InputError(
      `tokenizer.json: model byte_fallback with only ${found.length} of 256 byte tokens is not supported`,
    );
  }
  return found.length > 0 ? found : undefined;
}

/** Neighbours joined, the pair of the lowest rank first, of equals the leftmost. */
function merged(ids: readonly (number | undefined)[], merges: MergeTable): (number | undefined)[] {
  const symbols = ids.map((id, i) => ({ id, gone: false, prev: i - 1, next: i + 1 < ids.length ? i + 1 : -1 }));
  const agenda = new Heap<Merge>((a, b) => a.rank < b.rank || (a.rank === b.rank && a.at < b.at));
  const joint = (at: number): { rank: number; id: number } | undefined => {
    const left = symbols[at];
    const right = symbols[left?.next ?? -1];
    if (left?.id === undefined || right?.id === undefined) return undefined;
    return merges(left.id, right.id);
  };
  const consider = (at: number): void => {
    const found = joint(at);
    if (found) agenda.push({ at, ...found });
  };
  for (let at = 0; at + 1 < symbols.length; at++) consider(at);
  for (let merge; (merge = agenda.pop());) {
    const left = symbols[merge.at];
    if (left.gone || joint(merge.at)?.id !== merge.id) continue;
    const right = symbols[left.next];
    Object.assign(left, { id: merge.id, next: right.next });
    right.gone = true;
    if (right.next >= 0) symbols[right.next].prev = merge.at;
    if (left.prev >= 0) consider(left.prev);
    consider(merge.at);
  }
  return symbols.filter(({ gone }) => !gone).map(({ id }) => id);
}
