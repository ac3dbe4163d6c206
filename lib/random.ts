/** Seeded random numbers for texts and draws: plain TypeScript, so the same seed gives the same on every machine. */
import { createHash } from 'node:crypto';

/** One step of splitmix32, used to spread a small seed over the generator's 128 bits of state. */
function splitMix(state: number): { state: number; value: number } {
  const next = (state + 0x9e3779b9) | 0;
  let z = next;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return { state: next, value: (z ^ (z >>> 15)) >>> 0 };
}

const rotateLeft = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** xoshiro128** (Blackman and Vigna, 2018), seeded through splitmix32. */
export class Random {
  private readonly words = new Int32Array(4);

  /** @param seed any integer; equal seeds give equal sequences. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`Random: seed must be an integer, got ${seed}`);
    // The upper bits of large seeds are folded in, so that seeds 2^32 apart differ too.
    let state = (seed | 0) ^ Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x85ebca6b);
    for (let i = 0; i < 4; i++) {
      const step = splitMix(state);
      state = step.state;
      this.words[i] = step.value;
    }
  }

  /** Numbers of its own for everything that has a name: those of one never depend on how many another has drawn. */
  static of(name: string): Random {
    return new Random(createHash('sha256').update(name).digest().readUIntBE(0, 6));
  }

  /** The next 32 random bits as an unsigned integer. */
  bits(): number {
    const s = this.words;
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** A uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** A uniform integer in [low, high], both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('Random.pick: the list is empty');
    return items[this.below(items.length)];
  }

  /** `count` different items in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) throw new RangeError(`Random.sample: cannot take ${count} of ${items.length} items`);
    const pool = [...items];
    for (let i = 0; i < count; i++) {
      const j = i + this.below(pool.length - i);
      [pool[i], pool[j]] = [pool[j], pool[i]];
    }
    return pool.slice(0, count);
  }

  shuffle<T>(items: readonly T[]): T[] {
    return this.sample(items, items.length);
  }

  /** A key of `shares`, with probability proportional to its share. */
  weighted<K extends string>(shares: Readonly<Partial<Record<K, number>>>): K {
    const entries = Object.entries(shares) as [K, number][];
    const total = entries.reduce((sum, [, share]) => sum + share, 0);
    let point = this.uniform() * total;
    for (const [key, share] of entries) {
      point -= share;
      if (point < 0) return key;
    }
    return entries[entries.length - 1][0];
  }
}
