import { torch, type DeviceLike, type DType, type Tensor } from '../torch';

export interface KvCacheShape {
  layers: number;
  batch: number;
  kvHeads: number;
  /** Room for this many positions; it never grows. */
  maxLength: number;
  headDim: number;
  dtype: DType;
  /** One for all layers, or one for each. */
  device: DeviceLike | readonly DeviceLike[];
}

/** Keys and values of each layer, [rows, kvHeads, maxLength, headDim], and how many positions they hold. */
interface KvCacheMemory {
  keys: Tensor[];
  values: Tensor[];
  length: number;
}

const isEach = (device: KvCacheShape['device']): device is readonly DeviceLike[] => Array.isArray(device);

function allocate({ layers, batch, kvHeads, maxLength, headDim, dtype, device }: KvCacheShape): KvCacheMemory {
  const make = (): Tensor[] =>
    Array.from({ length: layers }, (_, layer) => {
      const own = isEach(device) ? device[layer] : device;
      return torch.empty([batch, kvHeads, maxLength, headDim], { dtype, device: own });
    });
  return { keys: make(), values: make(), length: 0 };
}

/**
 * Keys and values of the positions already seen, [batch, kvHeads, maxLength, headDim] per layer, allocated once.
 * It owns its memory: dispose of it (or write `using cache = ...`).
 */
export class KvCache implements Disposable {
  readonly maxLength: number;
  readonly #keys: Tensor[];
  readonly #values: Tensor[];
  #rows: number;
  #length: number;

  /** An empty cache of its own memory, or one over memory that is there. */
  constructor(source: KvCacheShape | KvCacheMemory) {
    const { keys, values, length } = 'keys' in source ? source : allocate(source);
    this.#keys = keys.map((tensor) => tensor.keep());
    this.#values = values.map((tensor) => tensor.keep());
    this.#length = length;
    [this.#rows, , this.maxLength] = keys[0].shape as [number, number, number];
  }

  /**
   * Some rows of this cache as a cache of their own over the same memory, with its first `length` positions filled. Of
   * these, the ones behind this cache's own hold zeros, for a mask to hide.
   */
  part(first: number, count: number, length: number): KvCache {
    const cut = (tensor: Tensor): Tensor => {
      const rows = tensor.narrow(0, first, count);
      if (length > this.#length) rows.narrow(2, this.#length, length - this.#length).zero_();
      return rows;
    };
    return new KvCache({ keys: this.#keys.map(cut), values: this.#values.map(cut), length });
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
    const [allKeys, allValues] = this.whole(layer);
    allKeys.narrow(2, this.#length, count).copy_(keys);
    allValues.narrow(2, this.#length, count).copy_(values);
    return [allKeys.narrow(2, 0, this.#length + count), allValues.narrow(2, 0, this.#length + count)];
  }

  /**
   * A layer's keys and values with the room behind them, [rows, kvHeads, maxLength, headDim].
   * @param rows those of sequences that were taken out may be among them
   */
  whole(layer: number, rows = this.#rows): [keys: Tensor, values: Tensor] {
    const [keys, values] = [this.#keys[layer], this.#values[layer]];
    if (!keys || !values) throw new RangeError(`KV cache: no layer ${layer} among ${this.#keys.length}`);
    return rows < keys.size(0) ? [keys.narrow(0, 0, rows), values.narrow(0, 0, rows)] : [keys, values];
  }

  /** Zeros where nothing was written yet, for passes that look at the room too: a mask cannot hide what is no number. */
  clearRoom(): void {
    for (const tensor of [...this.#keys, ...this.#values]) {
      tensor.narrow(2, this.#length, this.maxLength - this.#length).zero_();
    }
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
