import type { AnyModule } from '../nn';
import { torch, type Device, type DeviceLike, type GraphRecorder, type Tensor } from '../torch';
import { CapturedStep } from './captured-step';
import type { FixedStep } from './fixed-step';
import type { KvCache } from './kv-cache';
import type { DecodingSession, ForwardOptions } from './language-model';

/** A batch padded on the left: ids int64 [batch, seq] and, when the lengths differ, its mask [batch, seq]. */
export interface PaddedBatch {
  ids: Tensor;
  attentionMask: Tensor | undefined;
  /** Real tokens of each row, which stand at its end. Left out, the mask is asked, which waits for the device. */
  lengths?: readonly number[];
}

/**
 * Puts sequences of different lengths into one tensor, pads in front.
 * @param length total length; by default the longest sequence's
 * @param padId what stands in the padding; it is masked, so any id of the vocabulary will do
 */
export function padLeft(
  sequences: readonly (readonly number[])[],
  { padId = 0, length, device = 'cpu' }: { padId?: number; length?: number; device?: DeviceLike } = {},
): PaddedBatch & { lengths: readonly number[] } {
  const lengths = sequences.map((sequence) => sequence.length);
  const width = length ?? Math.max(0, ...lengths);
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
    lengths,
  };
}

/** Tokens that a pass over the prefix alone must spare the batch. */
const LEAST_TOKENS_SPARED = 32;

/** Tokens of prompts that a processor runs at a time: enough for the products, few enough for its caches. */
const MOST_TOKENS = 1024;

/** On an accelerator: enough to keep it busy, and each pass is a thousand launches; what lies between has to find room. */
const MOST_TOKENS_ACCELERATED = 16384;

/** What kernels for whole caches go through evenly. */
const EVEN_LENGTH = 16;

interface CachingModel extends AnyModule {
  readonly device: Device;
  call(ids: Tensor, options: ForwardOptions): Tensor;
  makeCache(batch: number, maxLength: number): KvCache;
  /** A step that goes by the same tensors every time; see {@link FixedStep} for the mask. */
  fixedStep(cache: KvCache, attentionMask: Tensor | undefined): FixedStep;
}

export interface DecodingWays {
  /** Whether what all prompts start with may be run once. */
  sharesPrefix: boolean;
  /** Captures graphs of steps; null where every step is the plain one. */
  recorder: GraphRecorder | null;
}

/**
 * Decoding with a key-value cache of fixed size. What all prompts start with is run once; the rest is aligned on the
 * right and run some rows at a time, which pads them to the longest of these rows only.
 */
export class CachedDecoding implements DecodingSession {
  readonly #cache: KvCache;
  readonly #prefix: readonly number[];
  readonly #rest: readonly (readonly number[])[];
  /** 1 for the prefix and for what is real in the rest and in the room for new tokens, [rows, maxLength]; undefined without pads. */
  readonly #mask: Tensor | undefined;
  /** Whether each row is padded: known here, so that no step has to ask the mask. */
  readonly #padded: boolean[];
  readonly #captured: CapturedStep | null;

  constructor(
    private readonly model: CachingModel,
    prompts: readonly (readonly number[])[],
    maxNewTokens: number,
    { sharesPrefix, recorder }: DecodingWays,
  ) {
    const { device } = model;
    const shared = sharesPrefix ? sharedPrefix(prompts) : 0;
    this.#prefix = prompts[0].slice(0, shared);
    this.#rest = prompts.map((prompt) => prompt.slice(shared));
    const { attentionMask } = padLeft(this.#rest, { device });
    const longest = longestOf(this.#rest);
    this.#padded = this.#rest.map(({ length }) => length < longest);
    const length = shared + longest + maxNewTokens;
    const room = recorder ? Math.ceil(length / EVEN_LENGTH) * EVEN_LENGTH : length;
    this.#cache = model.makeCache(prompts.length, room);
    this.#mask = attentionMask && around(attentionMask, shared, this.#cache.maxLength).keep();
    this.#captured = recorder && new CapturedStep(model, recorder, () => model.fixedStep(this.#cache, this.#mask));
  }

  prefill(): Tensor {
    if (this.#prefix.length > 0) this.#runPrefix();
    const mostTokens = this.model.device.type === 'cpu' ? MOST_TOKENS : MOST_TOKENS_ACCELERATED;
    const groups = [...rowGroups(this.#rest, mostTokens)];
    const logits = groups.map(([first, count]) => torch.scope(() => this.#runRows(first, count)));
    this.#cache.advance(longestOf(this.#rest));
    return torch.cat(logits);
  }

  /** Logits of the next token of some rows' prompts, [count, vocab]. */
  #runRows(first: number, count: number): Tensor {
    const sequences = this.#rest.slice(first, first + count);
    const end = this.#cache.length + longestOf(this.#rest);
    using cache = this.#cache.part(first, count, end - longestOf(sequences));
    const { ids } = padLeft(sequences, { device: this.model.device });
    const padded = this.#padded.slice(first, first + count).includes(true);
    const attentionMask = this.#mask?.narrow(0, first, count).narrow(1, 0, end);
    return this.model.call(ids, { attentionMask, padded, cache, lastTokenOnly: true }).select(1, 0);
  }

  #runPrefix(): void {
    using cache = this.model.makeCache(1, this.#prefix.length);
    this.model.call(torch.tensor([[...this.#prefix]], { dtype: 'int64', device: this.model.device }), {
      cache,
      lastTokenOnly: true,
    });
    this.#cache.startWith(cache);
  }

  step(tokens: readonly number[]): Tensor {
    const logits = this.#captured?.run(tokens);
    if (!logits) return this.#plainStep(tokens);
    this.#cache.advance(1);
    return logits;
  }

  #plainStep(tokens: readonly number[]): Tensor {
    const cache = this.#cache;
    const shape = [tokens.length, 1];
    const ids = torch.tensor(BigInt64Array.from(tokens, BigInt), { shape, device: this.model.device });
    const padded = this.#padded.includes(true);
    const attentionMask = this.#mask?.narrow(0, 0, cache.rows).narrow(1, 0, cache.length + 1);
    return this.model.call(ids, { attentionMask, padded, cache, lastTokenOnly: true }).select(1, 0);
  }

  drop(row: number): void {
    this.#cache.drop(row);
    const last = this.#padded.pop();
    if (row < this.#padded.length) this.#padded[row] = last === true;
    if (row < this.#cache.rows) this.#mask?.select(0, row).copy_(this.#mask.select(0, this.#cache.rows));
  }

  dispose(): void {
    this.#captured?.dispose();
    this.#cache.dispose();
    this.#mask?.dispose();
  }
}

const longestOf = (sequences: readonly (readonly number[])[]): number =>
  Math.max(...sequences.map((sequence) => sequence.length));

/** Cuts rows into runs of neighbours that hold, padded to the longest, so many tokens at most, or are one row. */
function* rowGroups(
  rows: readonly (readonly number[])[],
  mostTokens: number,
): Generator<[first: number, count: number]> {
  for (let first = 0, count = 1; first < rows.length; first += count, count = 1) {
    const fits = (more: number): boolean => longestOf(rows.slice(first, first + more)) * more <= mostTokens;
    while (first + count < rows.length && fits(count + 1)) count++;
    yield [first, count];
  }
}

/** A mask [rows, seq] with ones before and behind it, [rows, width]. */
function around(mask: Tensor, before: number, width: number): Tensor {
  const ones = (count: number): Tensor => mask.newOnes([mask.size(0), count]);
  return torch.cat([ones(before), mask, ones(width - before - mask.size(1))], 1);
}

/**
 * How many tokens all prompts start with, the last of the shortest left out: it is a row's own, as its logits are wanted.
 * 0 where running them apart costs more than it saves: the pass reads every weight once more.
 */
export function sharedPrefix(prompts: readonly (readonly number[])[]): number {
  const [first, ...others] = prompts;
  let shared = Math.min(...prompts.map((prompt) => prompt.length)) - 1;
  for (const prompt of others) {
    let same = 0;
    while (same < shared && prompt[same] === first[same]) same++;
    shared = same;
  }
  return shared * others.length < LEAST_TOKENS_SPARED ? 0 : shared;
}
