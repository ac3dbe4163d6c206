import { torch, type DeviceLike, type Tensor } from '../torch';
import type { DecodingSession, ForwardOptions } from './causal-lm';
import type { KvCache } from './kv-cache';

/** A batch padded on the left: ids int64 [batch, seq] and, when the lengths differ, its mask [batch, seq]. */
export interface PaddedBatch {
  ids: Tensor;
  attentionMask: Tensor | undefined;
}

/**
 * Puts sequences of different lengths into one tensor, pads in front.
 * @param length total length; by default the longest sequence's
 * @param padId what stands in the padding; it is masked, so any id of the vocabulary will do
 */
export function padLeft(
  sequences: readonly (readonly number[])[],
  { padId = 0, length, device = 'cpu' }: { padId?: number; length?: number; device?: DeviceLike } = {},
): PaddedBatch {
  const width = length ?? Math.max(0, ...sequences.map((sequence) => sequence.length));
  const ids = new BigInt64Array(sequences.length * width).fill(BigInt(padId));
  const mask = new Uint8Array(ids.length);
  sequences.forEach((sequence, row) => {
    const start = (row + 1) * width - sequence.length;
    if (sequence.length > width)
      throw new RangeError(`padLeft: sequence ${row} has ${sequence.length} tokens, more than ${width}`);
    sequence.forEach((id, i) => (ids[start + i] = BigInt(id)));
    mask.fill(1, start, start + sequence.length);
  });
  const shape = [sequences.length, width];
  return {
    ids: torch.tensor(ids, { shape, device }),
    attentionMask: mask.includes(0) ? torch.tensor(mask, { shape, device }) : undefined,
  };
}

interface CachingModel {
  call(ids: Tensor, options: ForwardOptions): Tensor;
}

/** Decoding with a key-value cache of fixed size; prompts are padded on the left. */
export class CachedDecoding implements DecodingSession {
  readonly #batch: PaddedBatch;
  /** Pads of the prompts and room for every new token, [batch, maxLength]; undefined without pads. */
  readonly #mask: Tensor | undefined;
  readonly #device: DeviceLike;

  constructor(
    private readonly model: CachingModel,
    private readonly cache: KvCache,
    prompts: readonly (readonly number[])[],
    device: DeviceLike,
  ) {
    this.#device = device;
    const { ids, attentionMask } = padLeft(prompts, { device });
    this.#batch = { ids: ids.keep(), attentionMask: attentionMask?.keep() };
    const room = cache.maxLength - ids.size(1);
    const ones = attentionMask && torch.ones([prompts.length, room], { dtype: attentionMask.dtype, device });
    this.#mask = ones && attentionMask && torch.cat([attentionMask, ones], 1).keep();
  }

  prefill(): Tensor {
    const { ids, attentionMask } = this.#batch;
    return this.#run(ids, attentionMask);
  }

  step(tokens: readonly number[]): Tensor {
    const shape = [tokens.length, 1];
    const ids = torch.tensor(BigInt64Array.from(tokens, BigInt), { shape, device: this.#device });
    return this.#run(ids, this.#mask?.narrow(1, 0, this.cache.length + 1));
  }

  #run(ids: Tensor, attentionMask: Tensor | undefined): Tensor {
    return this.model.call(ids, { attentionMask, cache: this.cache, lastTokenOnly: true }).select(1, 0);
  }

  dispose(): void {
    this.cache.dispose();
    for (const tensor of [this.#batch.ids, this.#batch.attentionMask, this.#mask]) tensor?.dispose();
  }
}
