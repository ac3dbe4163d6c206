/** Mean and deviation of a column that is overwritten piece by piece, without a sum that rounding could spoil. */

const BLOCK = 1024;

/**
 * Keeps mean and squared deviations for each block of rows. A block that was written to is summed anew when it is asked
 * for, so nothing is ever subtracted, and the blocks are joined by the formula of Chan, Golub and LeVeque (1979).
 */
export class BlockMoments {
  readonly #means: Float64Array;
  /** Sums of squared deviations from the block's mean. */
  readonly #squares: Float64Array;
  readonly #stale = new Set<number>();

  /** @param values the column, which may be written to at any time */
  constructor(private readonly values: Float32Array) {
    const blocks = Math.ceil(values.length / BLOCK);
    this.#means = new Float64Array(blocks);
    this.#squares = new Float64Array(blocks);
  }

  /** Says that rows `start` to `end` - 1 were written. */
  touch(start: number, end: number): void {
    for (let block = Math.floor(start / BLOCK); block * BLOCK < end; block++) this.#stale.add(block);
  }

  /** Of rows 0 to `size` - 1: the mean and the population's standard deviation. */
  over(size: number): { mean: number; std: number } {
    for (const block of this.#stale) this.#sum(block, size);
    this.#stale.clear();
    let [count, mean, squares] = [0, 0, 0];
    for (let block = 0, start = 0; start < size; block++, start += BLOCK) {
      const rows = Math.min(BLOCK, size - start);
      const total = count + rows;
      const apart = this.#means[block] - mean;
      mean += (apart * rows) / total;
      squares += this.#squares[block] + (apart * apart * count * rows) / total;
      count = total;
    }
    return { mean, std: count > 0 ? Math.sqrt(squares / count) : 0 };
  }

  #sum(block: number, size: number): void {
    const start = block * BLOCK;
    const end = Math.min(start + BLOCK, size);
    let mean = 0;
    for (let row = start; row < end; row++) mean += this.values[row];
    mean /= end - start;
    let squares = 0;
    for (let row = start; row < end; row++) squares += (this.values[row] - mean) ** 2;
    this.#means[block] = mean;
    this.#squares[block] = squares;
  }
}
