import { torch, type Tensor } from '../torch';
import { queriesOf, type AttentionPlan, type LayerCache, type Queries } from './attention-plan';
import type { DecoderConfig, LayerView } from './decoder-config';
import type { KvCache } from './kv-cache';

/** What a step is made for. */
export interface FixedStepFor {
  cache: KvCache;
  /** 1 for real tokens and for the room behind them, [rows or more, maxLength]; undefined without pads. */
  attentionMask: Tensor | undefined;
  views: readonly LayerView[];
  config: DecoderConfig;
  /** Has the dtype and the device of queries. */
  like: Tensor;
  /** The decoder: ids [rows, 1] to logits [rows, 1, vocab]. */
  call(ids: Tensor, plan: AttentionPlan): Tensor;
}

/**
 * A step of decoding whose tensors have the same shapes and the same memory every time, so that a graph of it can be
 * captured and replayed: tokens and the position to write at are read from the device, every query looks at the whole
 * cache through a mask, and what depends on positions is looked up in tables. Results are the plain step's but for rounding.
 */
export class FixedStep implements Disposable {
  readonly #made: FixedStepFor;
  /** Rows when it was made; sequences that end afterwards are computed on, and their logits left out. */
  readonly #rows: number;
  /** int64 [rows, 1] */
  readonly #ids: Tensor;
  /** int64 [1]: the position that is written at. */
  readonly #slot: Tensor;
  /** What queries of every position would be given, rows of a table each; layers that look alike share one. */
  readonly #tables: readonly Queries[];

  constructor(made: FixedStepFor) {
    const { cache, views, config, like } = made;
    const { device } = like;
    this.#made = made;
    this.#rows = cache.rows;
    cache.clearRoom();
    this.#ids = torch.zeros([this.#rows, 1], { dtype: 'int64', device }).keep();
    this.#slot = torch.zeros([1], { dtype: 'int64', device }).keep();
    // A sequence of one token for each position: angles may depend on how long a sequence is.
    const positions = torch.arange(0, cache.maxLength, { dtype: 'int64', device }).unsqueeze(1);
    const place = { attentionMask: undefined, positions, past: 0, seq: 1 };
    this.#tables = torch.scope(() => queriesOf(views, config, place, like));
    for (const table of this.#tensors()) table.keep();
  }

  /** Of the tables. */
  #tensors(): ReadonlySet<Tensor> {
    const all = this.#tables.flatMap(({ rotation, growth }) => [rotation?.cos, rotation?.sin, growth]);
    return new Set(all.filter((tensor) => tensor !== undefined));
  }

  /** Puts in what the next run reads: a token for each sequence that goes on. */
  feed(tokens: readonly number[]): void {
    const fed = torch.tensor(BigInt64Array.from(tokens, BigInt), {
      shape: [tokens.length, 1],
      device: this.#ids.device,
    });
    this.#ids.narrow(0, 0, tokens.length).copy_(fed);
    this.#slot.fill_(this.#made.cache.length);
  }

  /** Everything from tokens to logits, [rows, vocab]: this is what a graph holds. The cache's length stays as it is. */
  run(): Tensor {
    const plan = { layers: this.#queries(), lastTokenOnly: true, cache: this.#layerCache(), frees: true };
    return this.#made.call(this.#ids, { ...plan, sharedPads: undefined, layout: undefined }).select(1, 0);
  }

  #layerCache(): LayerCache {
    const { cache } = this.#made;
    const write = (to: Tensor, from: Tensor): Tensor => to.indexCopy_(2, this.#slot, from);
    return {
      append: (layer, keys, values) => {
        const [allKeys, allValues] = cache.whole(layer, this.#rows);
        return [write(allKeys, keys), write(allValues, values)];
      },
    };
  }

  /** How each layer looks at the cache from where the step stands. */
  #queries(): readonly Queries[] {
    const { views } = this.#made;
    const real = this.#made.attentionMask?.narrow(0, 0, this.#rows).ne(0);
    // Pads do not count, as in `positionsOf`.
    const counted = real?.cumsum(1);
    const position = counted ? counted.indexSelect(1, this.#slot).sub(1).flatten() : this.#slot;
    const masks = new Map<number | null, Tensor>();
    const found = new Map<Tensor, Tensor>();
    const at = (table: Tensor): Tensor => {
      if (!found.has(table)) found.set(table, table.indexSelect(0, position));
      return found.get(table) as Tensor;
    };
    return this.#tables.map(({ rotation, growth }, layer) => {
      const { window } = views[layer];
      if (!masks.has(window)) masks.set(window, this.#mask(window, { real, counted, position }));
      return {
        rotation: rotation && { cos: at(rotation.cos), sin: at(rotation.sin) },
        growth: growth && at(growth),
        mask: masks.get(window),
        causal: false,
      };
    });
  }

  /** [rows or 1, 1, 1, maxLength]: what is written and real, and with a window only the nearest. */
  #mask(
    window: number | null,
    { real, counted, position }: { real: Tensor | undefined; counted: Tensor | undefined; position: Tensor },
  ): Tensor {
    const { cache, config, like } = this.#made;
    const places = torch.arange(0, cache.maxLength, { dtype: 'int64', device: like.device }).unsqueeze(0);
    const written = places.le(this.#slot);
    const own = real ? written.logicalAnd(real) : written;
    const before = position
      .unsqueeze(1)
      .add(1)
      .sub(counted ?? places.add(1));
    const seen = window === null ? own : own.logicalAnd(before.lt(window));
    const mask = seen.unsqueeze(1).unsqueeze(1);
    if (config.attentionSoftcap !== null) return mask;
    // Made once here; from a boolean mask every layer's kernel would make it anew.
    return torch.zerosLike(mask, { dtype: like.dtype }).maskedFill_(mask.logicalNot(), -Infinity);
  }

  dispose(): void {
    for (const tensor of [this.#ids, this.#slot, ...this.#tensors()]) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
