/** How numbers share magnitudes in four bits, as bitsandbytes has it. Known without the addon. */

/** Numbers that share a magnitude, where nothing says otherwise. */
export const NF4_BLOCK = 64;
/** Magnitudes that share one of their own. */
export const NESTED_BLOCK = 256;

/** The sixteen and the 256 float32 values that stand beside each weight: what codes and magnitudes are codes of. */
const TABLES = 4 * (16 + 256);

/** Bytes of a weight of so many numbers whose magnitudes are quantised too, without the line of text that says what it is. */
export function nf4Bytes(numbers: number): number {
  const blocks = Math.ceil(numbers / NF4_BLOCK);
  return Math.ceil(numbers / 2) + blocks + 4 * Math.ceil(blocks / NESTED_BLOCK) + TABLES;
}
