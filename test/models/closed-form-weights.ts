import { crc32 } from 'node:zlib';
import { torch, type Tensor } from '../../lib/torch';

/** murmur3's last step, on uint32. */
function mixed(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The numbers that test/parity/make_families.py gives a parameter, by its name and places. */
export function closedFormValues(name: string, shape: readonly number[], normsAddOne: boolean): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const seed = crc32(name);
  const scale = shape.length === 1 ? 0.2 : /embed|lm_head/.test(name) ? 1.5 : 3 / Math.sqrt(shape.at(-1) as number);
  const numbers = Float32Array.from({ length: count }, (_, i) => {
    const drawn = mixed((i + seed) >>> 0) / 2 ** 31 - 1;
    return name.includes('norm') ? (normsAddOne ? 0 : 1) + 0.3 * drawn : scale * drawn;
  });
  return torch.tensor(numbers, { shape: [...shape] });
}

/** The prompt of a row. */
export const closedFormPrompt = (row: number, length: number, vocab: number): number[] =>
  Array.from({ length }, (_, i) => mixed(i + 1000 * row + 17) % vocab);
