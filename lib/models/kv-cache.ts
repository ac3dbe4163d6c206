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
  #length = 0;

  constructor(shape: KvCacheShape) {
    const { batch, kvHeads, maxLength, headDim, dtype, device } = shape;
    this.maxLength = maxLength;
    for (let layer = 0; layer < shape.layers; layer++) {
      this.#keys.push(torch.empty([batch, kvHeads, maxLength, headDim], { dtype, device }).keep());
      this.#values.push(torch.empty([batch, kvHeads, maxLength, headDim], { dtype, device }).keep());
    }
  }

  /** Positions filled so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Writes the keys and values of new positions behind the ones of a layer and returns all of the layer's,
   * [batch, kvHeads, length + new, headDim]. The length moves on with {@link advance}, once every layer has written.
   */
  append(layer: number, keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor] {
    const count = keys.size(2);
    const [allKeys, allValues] = [this.#keys[layer], this.#values[layer]];
    if (!allKeys || !allValues) throw new RangeError(`KV cache: no layer ${layer} among ${this.#keys.length}`);
    this.requireRoom(count);
    allKeys.narrow(2, this.#length, count).copy_(keys);
    allValues.narrow(2, this.#length, count).copy_(values);
    return [allKeys.narrow(2, 0, this.#length + count), allValues.narrow(2, 0, this.#length + count)];
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
