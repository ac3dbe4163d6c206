import type { Tensor } from '../torch';
import type { KvCache } from './kv-cache';
import type { Packing } from './packing';

export interface ForwardOptions {
  /**
   * 1 for real tokens, 0 for pads, [batch, seq], or [batch, cached + seq] with a cache. Pads are not looked at, and
   * positions count real tokens only, as transformers' `generate` counts them.
   */
  attentionMask?: Tensor;
  /** int64 [batch or 1, seq]; overrides the positions that follow from the mask or, without one, plain counting. */
  positions?: Tensor;
  /** Filled with this pass's keys and values; what it already holds comes before `ids`. */
  cache?: KvCache;
  /** Logits of the last column only: [batch, 1, vocab]. With left padding that is every prompt's last token. */
  lastTokenOnly?: boolean;
  /**
   * `Packing.of(attentionMask)`: pads are computed once instead of each by itself. What comes out is the same, but
   * modules inside, and hooks on them, meet [1, rows, features] in the place of [batch, seq, features]. Without a cache.
   */
  packing?: Packing;
}

/** One batch being decoded. */
export interface DecodingSession {
  /** Runs the prompts. Logits of the next token, [rows, vocab]. */
  prefill(): Tensor;
  /** Runs one more token per row. Logits of the next one, [rows, vocab]. */
  step(tokens: readonly number[]): Tensor;
  /** The sequence of that row has ended: the row goes, and the last row takes its place. */
  drop(row: number): void;
  dispose(): void;
}

/** How much is about to be decoded. */
export interface DecodingWork {
  /** Sequences side by side. */
  rows: number;
  /** Decoding steps in all, at most. */
  steps: number;
}

/** All that generation knows of a model: token ids go in, logits come out. */
export interface GenerativeModel {
  /** Tokens that end a sequence unless the caller says otherwise. */
  readonly eosTokenIds: readonly number[];
  /** Makes room for `prompts` (token ids, of different lengths) and `maxNewTokens` more. */
  startDecoding(prompts: readonly (readonly number[])[], maxNewTokens: number): DecodingSession;
  /** Does once what pays for the whole of a generation; undone by disposing of what comes back. */
  prepareDecoding?(work: DecodingWork): Disposable | undefined;
}
