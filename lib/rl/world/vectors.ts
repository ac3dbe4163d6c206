/** Points are two neighbouring numbers of a flat array; an index names the first. */

/** Euclidean distance of `a[i..i+1]` and `b[j..j+1]`. */
export function distance(a: Float64Array, i: number, b: Float64Array, j: number): number {
  const x = a[i] - b[j];
  const y = a[i + 1] - b[j + 1];
  return Math.sqrt(x * x + y * y);
}

/** Writes `to[i..i+1]` as seen from `from[j..j+1]` at `out[at..at+1]`. */
export function writeOffset(
  out: Float64Array,
  at: number,
  to: Float64Array,
  i: number,
  from: Float64Array,
  j: number,
): void {
  out[at] = to[i] - from[j];
  out[at + 1] = to[i + 1] - from[j + 1];
}
