import type { Device, DType, Tensor } from '../torch';
import type { AnyModule, Module } from '../nn';
import type { Tokenizer } from '../text';
import type { DecoderConfig } from './decoder-config';
import type { KvCache } from './kv-cache';
import type { SharedPads } from './shared-pads';

export interface ForwardOptions {
  /**
   * 1 for real tokens, 0 for pads, [batch, seq], or [batch, cached + seq] with a cache. Pads are not looked at, and
   * positions count real tokens only, as transformers' `generate` counts them.
   */
  attentionMask?: Tensor;
  /** Whether the mask holds a 0. Left out, it is asked: that reads a value back, for which an accelerator is waited for. */
  padded?: boolean;
  /** int64 [batch or 1, seq]; overrides the positions that follow from the mask or, without one, plain counting. */
  positions?: Tensor;
  /** Filled with this pass's keys and values; what it already holds comes before `ids`. */
  cache?: KvCache;
  /** Logits of the last column only: [batch, 1, vocab]. With left padding that is every prompt's last token. */
  lastTokenOnly?: boolean;
  /**
   * `SharedPads.of(attentionMask)`: pads are computed once instead of each by itself. What comes out is the same, but
   * modules inside, and hooks on them, meet [1, rows, features] in the place of [batch, seq, features]. Without a cache.
   */
  sharedPads?: SharedPads;
  /**
   * Frees what a layer made before the next one starts, as a pass with a cache does: for passes without a graph over many
   * tokens. What `capture` reads stays; what another hook puts aside does not.
   */
  frees?: boolean;
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

/** What a model made for the whole of a generation; disposing of it undoes it. */
export interface PreparedDecoding extends Disposable {
  /** Runs a piece of the generation with it: nobody else who uses the model meanwhile shall notice. */
  run?<T>(work: () => T): T;
}

/** All that generation knows of a model: token ids go in, logits come out. */
export interface GenerativeModel {
  /** Tokens that end a sequence unless the caller says otherwise. */
  readonly eosTokenIds: readonly number[];
  /** Makes room for `prompts` (token ids, of different lengths) and `maxNewTokens` more. */
  startDecoding(prompts: readonly (readonly number[])[], maxNewTokens: number): DecodingSession;
  /** Does once what pays for the whole of a generation. */
  prepareDecoding?(work: DecodingWork): PreparedDecoding | undefined;
}

/**
 * All that evaluation, tuning and measuring know of a model. `call(ids, options)` takes token ids int64 [batch, seq] to
 * logits [batch, seq, vocab]. Modules are named as in transformers.
 */
export interface LanguageModel extends GenerativeModel, Module<[ids: Tensor, options?: ForwardOptions]> {
  readonly config: Readonly<DecoderConfig>;
  /** The tokenizer of the folder the model was read from; null for a model made from a shape, or without one. */
  readonly tokenizer: Tokenizer | null;
  /** Of the weights. */
  readonly dtype: DType;
  /** Where ids go in and logits come out; layers may lie elsewhere (`deviceMap` of `loadModel`). */
  readonly device: Device;
  /** Computes each layer again in the backward pass instead of keeping what it made: less memory, more time. */
  gradientCheckpointing: boolean;
  /** Takes what {@link hiddenStates} gives to logits, where `config` neither divides nor bounds them. */
  readonly lmHead: AnyModule;
  /** What the head reads, [batch, seq, hidden], or [batch, 1, hidden] with a cache and `lastTokenOnly`. */
  hiddenStates(ids: Tensor, options?: ForwardOptions): Tensor;
  /** Dotted name of the module whose output a layer's attention adds to the hidden states; layers count from 0. */
  attentionOutput(layer: number): string;
  /** Dotted name of the module whose output a layer hands on to the next. */
  layerOutput(layer: number): string;
  /** Dotted name of the module whose output the head reads. */
  readonly finalNorm: string;
  /** A cache with room for `maxLength` positions of `batch` sequences, on the model's device and in its dtype. */
  makeCache(batch: number, maxLength: number): KvCache;
  /**
   * Writes config.json and model.safetensors so that transformers (and `loadModel`) read them back.
   * @throws Error when modules were put in or taken out: an adapter is saved by itself
   */
  save(folder: string): void;
}
