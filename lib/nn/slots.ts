/** One named place of a module that may hold a parameter, a module, or anything else. */
export interface Slot {
  /** Name as it appears in dotted names: `q_proj`, `layers.0`. */
  readonly name: string;
  readonly value: unknown;
  replace(value: unknown): void;
}

/**
 * The state-dict name of a property: `runningMean` becomes `running_mean` as PyTorch spells it. A property that
 * already holds an underscore (`lora_A`) is left as it is.
 */
export function stateName(property: string): string {
  if (property.includes('_')) return property;
  return property.replace(/[A-Z]/g, (letter, at: number) => (at ? '_' : '') + letter.toLowerCase());
}

/** The own properties of an object in assignment order, arrays opened one level deep. */
export function propertySlots(owner: object): Slot[] {
  const slots: Slot[] = [];
  for (const [key, value] of Object.entries(owner)) {
    const name = stateName(key);
    if (Array.isArray(value)) slots.push(...arraySlots(value, `${name}.`));
    else slots.push({ name, value, replace: (next) => Reflect.set(owner, key, next) });
  }
  return slots;
}

/** The elements of an array as slots named `prefix0`, `prefix1`, ... */
export function arraySlots(items: unknown[], prefix = ''): Slot[] {
  return items.map((value, i) => ({
    name: `${prefix}${i}`,
    value,
    replace: (next) => {
      items[i] = next;
    },
  }));
}
