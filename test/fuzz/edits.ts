/** Random damage for files, seeded: the same seed gives the same cases on every machine. */
export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32, a small generator that is good enough to damage files with. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return (x ^ (x >>> 14)) >>> 0;
  };
  const below = (n: number): number => Math.floor((next() / 2 ** 32) * n);
  return { below, pick: (items) => items[below(items.length)] };
}

/** Up to `most` bytes of nothing in particular. */
export function noise(most: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: random.below(most + 1) }, () => random.below(256));
}

/** A copy of `bytes` with one to four random edits: bits flipped, bytes changed, cut, inserted, doubled or cut off. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  let result: Uint8Array = Uint8Array.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) result = damagedOnce(result, random);
  return result;
}

/** A copy of `bytes` with one to three of them changed where they stand: what depends on lengths and places goes on. */
export function altered(bytes: Uint8Array, random: Random): Uint8Array {
  const result = Uint8Array.from(bytes);
  for (let left = 1 + random.below(3); left > 0; left--) result[random.below(result.length)] = random.below(256);
  return result;
}

function damagedOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const until = Math.min(bytes.length, at + 1 + random.below(16));
  const parts = (...pieces: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(pieces));
  switch (random.below(6)) {
    case 0:
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte));
    case 1:
      return bytes.map((byte, i) => (i === at ? random.below(256) : byte));
    case 2:
      return parts(bytes.subarray(0, at), bytes.subarray(until));
    case 3:
      return parts(bytes.subarray(0, at), Uint8Array.from([random.below(256)]), bytes.subarray(at));
    case 4:
      return parts(bytes.subarray(0, until), bytes.subarray(at, until), bytes.subarray(until));
    default:
      return bytes.subarray(0, at);
  }
}

/** Values that stand where others belong. */
const STRANGE = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2 ** 31,
  2 ** 53,
  1e308,
  0.5,
  '',
  'x',
  '__proto__',
  [],
  [[]],
  {},
  { a: 1 },
];

/** JSON with one random value, anywhere in it, replaced, removed, renamed or repeated elsewhere. */
export function damagedJson(json: unknown, random: Random): unknown {
  const copy: unknown = structuredClone(json);
  const holders: (Record<string, unknown> | unknown[])[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    holders.push(value as Record<string, unknown>);
    Object.values(value).forEach(visit);
  };
  visit(copy);
  const holder = random.pick(holders) as Record<string, unknown>;
  const keys = Object.keys(holder);
  const key = keys.length > 0 ? random.pick(keys) : 'new';
  switch (random.below(4)) {
    case 0:
      delete holder[key];
      break;
    case 1:
      holder[Array.isArray(holder) ? String(random.below(4)) : 'strange'] = holder[key];
      break;
    default:
      holder[key] = random.pick(STRANGE);
  }
  return copy;
}

/** True when a thrown value is the one-line error that readers of outside files promise. */
export function isClearError(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown.name !== 'InputError') return false;
  return thrown.message.length > 0 && thrown.message.length <= 500 && !/[\r\n]/.test(thrown.message);
}
