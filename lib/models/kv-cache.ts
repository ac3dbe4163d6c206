import { torch, type DeviceLike, type DType, type Tensor } from '../torch';

export interface KvCacheShape {
  layers: number;
  batch: number;
  kvHeads: number;
  /** Room for this many positions; it never grows. */
  maxLength: number;
  headDim: number;
  dtype: DType;
  device: DeviceLike;
}

/**
 * Keys and values of the positions already seen, [batch, kvHeads, maxLength, headDim] per layer, allocated once.
 * It owns its memory: dispose of it (or write `using cache = ...`).
 */
export class KvCache implements Disposable {
  readonly maxLength: number;
  readonly #keys: Tensor[] = [];
  readonly #values: Tensor[] = [];
  #rows: number;
  #length = 0;

  constructor(shape: KvCacheShape) {
    const { batch, kvHeads, maxLength, headDim, dtype, device } = shape;
    this.maxLength = maxLength;
    this.#rows = batch;
    for (let layer = 0; layer < shape.layers; layer++) {
      this.#keys.push(torch.empty([batch, kvHeads, maxLength, headDim], { dtype, device }).keep());
      this.#values.push(torch.empty([batch, kvHeads, maxLength, headDim], { dtype, device }).keep());
    }
  }

  /** Sequences it holds. */
  get rows(): number {
    return this.#rows;
  }

  /** Positions filled so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes the keys and values of new positions behind the ones of a layer and returns all of the layer's,
   * [rows, kvHeads, length + new, headDim]. The length moves on with {@link advance}, once every layer has written.
   */
  append(layer: number, keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor] {
    const count = keys.size(2);
    this.requireRoom(count);
    const [allKeys, allValues] = [this.#used(this.#keys[layer], layer), this.#used(this.#values[layer], layer)];
    allKeys.narrow(2, this.#length, count).copy_(keys);
    allValues.narrow(2, this.#length, count).copy_(values);
    return [allKeys.narrow(2, 0, this.#length + count), allValues.narrow(2, 0, this.#length + count)];
  }

  #used(tensor: Tensor | undefined, layer: number): Tensor {
    if (!tensor) throw new RangeError(`KV cache: no layer ${layer} among ${this.#keys.length}`);
    return this.#rows < tensor.size(0) ? tensor.narrow(0, 0, this.#rows) : tensor;
  }

  /** Starts every row of this empty cache with what `prefix`, a cache of one row, holds. */
  startWith(prefix: KvCache): void {
    if (this.#length > 0) throw new RangeError(`KV cache: already holds ${this.#length} positions`);
    this.requireRoom(prefix.length);
    [this.#keys, this.#values].forEach((own, which) => {
      const given = which === 0 ? prefix.#keys : prefix.#values;
      own.forEach((tensor, layer) => {
        tensor.narrow(2, 0, prefix.length).copy_(given[layer].narrow(2, 0, prefix.length));
      });
    });
    this.#length = prefix.length;
  }

  /** Takes a sequence out; the last one moves to its row. */
  drop(row: number): void {
    if (!(row >= 0 && row < this.#rows)) throw new RangeError(`KV cache: no row ${row} among ${this.#rows}`);
    this.#rows--;
    if (row === this.#rows) return;
    for (const tensor of [...this.#keys, ...this.#values]) {
      const [gone, moved] = [row, this.#rows].map((at) => tensor.select(0, at).narrow(1, 0, this.#length));
      gone.copy_(moved);
    }
  }

  /** @throws RangeError when `count` more positions do not fit. */
  requireRoom(count: number): void {
    if (this.#length + count > this.maxLength) {
      throw new RangeError(`KV cache: ${this.#length} + ${count} positions do not fit into ${this.maxLength}`);
    }
  }

  advance(count: number): void {
    this.requireRoom(count);
    this.#length += count;
  }

  dispose(): void {
    for (const tensor of [...this.#keys.splice(0), ...this.#values.splice(0)]) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
