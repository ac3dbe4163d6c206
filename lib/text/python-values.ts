/** Python's meaning of values in a template: when they are equal, how they are written, and what strings can do. */

/** A value of the Jinja library. */
export interface Value {
  type: string;
  value: unknown;
  toString(): string;
}

const isNumber = ({ type }: Value): boolean => ['IntegerValue', 'FloatValue', 'BooleanValue'].includes(type);

/** `==`: an empty text is not False, and what is not defined is not None. */
export function isEqual(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a.value) === Number(b.value);
  if (a.type !== b.type) return false;
  if (a.value instanceof Map && b.value instanceof Map) return areEqualMaps(a.value, b.value);
  if (Array.isArray(a.value) && Array.isArray(b.value)) return areEqualLists(a.value as Value[], b.value as Value[]);
  return a.type === 'NullValue' || a.type === 'UndefinedValue' || a.value === b.value;
}

const areEqualLists = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((one, i) => isEqual(one, b[i]));

const areEqualMaps = (a: ReadonlyMap<string, Value>, b: ReadonlyMap<string, Value>): boolean =>
  a.size === b.size &&
  [...a].every(([name, one]) => {
    const other = b.get(name);
    return other !== undefined && isEqual(one, other);
  });

/** `str`: what is not defined is nothing. */
export function textOf(value: Value): string {
  if (value.type === 'BooleanValue') return value.value ? 'True' : 'False';
  if (value.type === 'NullValue') return 'None';
  return value.type === 'UndefinedValue' ? '' : value.toString();
}

/** Python's white space: JavaScript's has the byte-order mark too, and not these separators. */
const isSpace = (character: string): boolean => /^[\s\x1c-\x1f\x85]$/u.test(character) && character !== '\ufeff';

function strip(text: string, characters: string | null | undefined, ends: { start: boolean; end: boolean }): string {
  const set = characters == null ? null : new Set(characters);
  const goes = (character: string): boolean => (set ? set.has(character) : isSpace(character));
  const all = [...text];
  let [from, to] = [0, all.length];
  if (ends.start) while (from < to && goes(all[from])) from++;
  if (ends.end) while (to > from && goes(all[to - 1])) to--;
  return all.slice(from, to).join('');
}

/** Methods of strings that the library lacks, or has without their argument. */
export const stringMethods: Readonly<
  Record<string, ((text: string, characters?: string | null) => string | number) | undefined>
> = {
  strip: (text, characters) => strip(text, characters, { start: true, end: true }),
  lstrip: (text, characters) => strip(text, characters, { start: true, end: false }),
  rstrip: (text, characters) => strip(text, characters, { start: false, end: true }),
  capitalize: (text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase(),
};
