/** Whether a value is a plain object, of whichever realm: what options come in. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Throws a TypeError unless `options` is an object (or left out) that holds none but `known` options: a misspelt one
 * would be ignored without a word. Options that are undefined count as left out.
 */
export function requireOptions<Options extends object>(
  where: string,
  options: Options | undefined,
  known: { readonly [Name in keyof Required<Options>]: true },
): void {
  if (options === undefined) return;
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`${where}: the options must be an object, got ${given === null ? 'null' : typeof given}`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(known, name) || value === undefined) continue;
    const names = Object.keys(known).map((each) => `'${each}'`);
    throw new TypeError(`${where}: there is no option '${name}', wanted ${names.join(', ')}`);
  }
}
