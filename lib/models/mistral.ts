import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { torch, type Device, type DType, type Tensor } from '../torch';
import { init, Linear, Module, skipInit } from '../nn';
import { initialise } from '../nn/parameter';
import { saveSafetensors } from '../checkpoints/safetensors';
import { writeTextAside } from '../files/write-aside';
import { Tokenizer } from '../text';
import { maskOf, positionsOf, type AttentionPlan } from './attention-plan';
import { CachedDecoding } from './cached-decoding';
import type { DecodingSession, DecodingWork, ForwardOptions, GenerativeModel } from './causal-lm';
import { KvCache } from './kv-cache';
import {
  completeConfig,
  configJson,
  readMistralConfig,
  refuseBeyondWindow,
  type MistralConfig,
  type MistralShape,
} from './mistral-config';
import { MistralModel } from './mistral-layers';
import { generationEos, openMistralWeights, readWeights, weightShapes, type LoadOptions } from './mistral-weights';
import { packLinears } from './packed-linears';
import { rotationOf } from './rotary';

/** Packing takes as long as 15 to 20 steps gain by it, measured on 125 million parameters. */
const STEPS_THAT_PAY = 24;

/**
 * The Mistral decoder (Jiang et al. 2023, arXiv 2310.06825) with its output head. Modules are named as in transformers:
 * `model.layers.0.self_attn.q_proj`, `lm_head`.
 */
export class Mistral extends Module<[ids: Tensor, options?: ForwardOptions]> implements GenerativeModel {
  readonly model: MistralModel;
  readonly lmHead: Module;
  readonly config: MistralConfig;
  /** The tokenizer of the folder the model was read from; null for a model made from a shape, or without one. */
  tokenizer: Tokenizer | null = null;

  /**
   * A model with random weights, drawn as transformers draws them: N(0, initializerRange) for matrices, ones for norms.
   * All parameters require gradients. Inside `skipInit` nothing is drawn.
   * @throws InputError when the numbers do not fit each other.
   */
  constructor(shape: MistralShape) {
    super();
    const config = completeConfig(shape);
    this.config = config;
    // The layers' own initialisers draw other numbers, so they are passed over.
    [this.model, this.lmHead] = skipInit(() => [
      new MistralModel(config),
      new Linear(config.hiddenSize, config.vocabSize, { bias: false }),
    ]);
    // Tied weights are one parameter under two names, as in transformers.
    if (config.tieWordEmbeddings) Reflect.set(this.lmHead, 'weight', this.model.embedTokens.weight);
    initialise(() => this.#draw());
  }

  #draw(): void {
    for (const parameter of this.parameters()) {
      if (parameter.ndim === 1) init.ones_(parameter);
      else init.normal_(parameter, 0, this.config.initializerRange);
    }
  }

  /**
   * Reads a Hugging Face folder: config.json, model.safetensors (or its shards), and the tokenizer where there is one.
   * Parameters do not require gradients (LoRA trains its own); `requiresGrad_(true)` makes them trainable. The model is
   * in eval mode.
   * @throws InputError, one line that names the file and what is wrong in it.
   */
  static fromFolder(folder: string, options: LoadOptions = {}): Mistral {
    const config = readMistralConfig(folder);
    config.eosTokenIds = generationEos(folder) ?? config.eosTokenIds;
    const weights = openMistralWeights(folder, config);
    try {
      const model = torch.scope(() => {
        const empty = skipInit(() => new Mistral(config));
        empty.loadStateDict(readWeights(weights, config, options), { assign: true });
        return empty;
      });
      if (Tokenizer.isIn(folder)) model.tokenizer = Tokenizer.fromFolder(folder);
      return model.requiresGrad_(false).eval();
    } finally {
      weights.dispose();
    }
  }

  /**
   * Writes config.json and model.safetensors so that transformers (and `fromFolder`) read them back.
   * @throws Error when modules were put in or taken out: an adapter is saved by itself
   */
  save(folder: string): void {
    const state = this.stateDict();
    if (this.config.tieWordEmbeddings) state.delete('lm_head.weight');
    const wanted = weightShapes(this.config);
    const other = [...state.keys()].find((name) => !wanted.has(name));
    if (other !== undefined)
      throw new Error(`Mistral.save: ${other} is no weight of the model; unload the adapters first`);
    mkdirSync(folder, { recursive: true });
    saveSafetensors(join(folder, 'model.safetensors'), state, { format: 'pt' });
    writeTextAside(join(folder, 'config.json'), `${JSON.stringify(configJson(this.config, this.dtype), null, 2)}\n`);
  }

  get dtype(): DType {
    return this.model.embedTokens.weight.dtype;
  }

  get device(): Device {
    return this.model.embedTokens.weight.device;
  }

  get eosTokenIds(): readonly number[] {
    return this.config.eosTokenIds;
  }

  /**
   * @param ids int64 [batch, seq]
   * @returns logits [batch, seq, vocab], in the weights' dtype; rows of pads are meaningless but finite
   * @throws InputError for more tokens than the sliding window, RangeError when the cache or a mask does not fit
   */
  forward(ids: Tensor, options: ForwardOptions = {}): Tensor {
    if (!options.lastTokenOnly) return this.#inPlace(this.lmHead.call(this.#decoded(ids, options)), options);
    const hiddenStates = this.hiddenStates(ids, options);
    return this.lmHead.call(hiddenStates.narrow(1, hiddenStates.size(1) - 1, 1));
  }

  /**
   * What the head reads: the last layer's output behind the final norm.
   * @param ids int64 [batch, seq]
   * @returns [batch, seq, hidden], or [batch, 1, hidden] with a cache and `lastTokenOnly`
   */
  hiddenStates(ids: Tensor, options: ForwardOptions = {}): Tensor {
    return this.#inPlace(this.#decoded(ids, options), options);
  }

  #inPlace(x: Tensor, { packing }: ForwardOptions): Tensor {
    return packing ? packing.unpack(x) : x;
  }

  /** The hidden states, packed where that is asked for. */
  #decoded(ids: Tensor, options: ForwardOptions): Tensor {
    const { cache, packing } = options;
    if (ids.ndim !== 2) throw new RangeError(`Mistral: ids must be [batch, seq], got [${ids.shape.join(', ')}]`);
    if (cache && packing) throw new RangeError('Mistral: a pass with a cache cannot be packed');
    const seq = ids.size(1);
    cache?.requireRoom(seq);
    const hiddenStates = this.model.call(ids, this.#plan(ids, options));
    cache?.advance(seq);
    return hiddenStates;
  }

  #plan(ids: Tensor, { attentionMask, positions, cache, lastTokenOnly, packing }: ForwardOptions): AttentionPlan {
    const [batch, seq] = ids.shape as [number, number];
    const past = cache?.length ?? 0;
    const total = past + seq;
    refuseBeyondWindow(this.config, total);
    if (attentionMask && attentionMask.shape.join() !== `${batch},${total}`) {
      throw new RangeError(
        `Mistral: attentionMask must be [${batch}, ${total}], got [${attentionMask.shape.join(', ')}]`,
      );
    }
    const { device } = this;
    const at = positions ?? positionsOf(attentionMask, past, seq, device);
    const mask = maskOf(attentionMask, past, seq, device);
    return {
      rotation: rotationOf(at, this.config.headDim, this.config.ropeTheta, this.model.embedTokens.weight),
      mask,
      causal: mask === undefined && seq > 1,
      // Without a cache hooks see every position of every layer: losses and measurements read them.
      lastTokenOnly: cache !== undefined && lastTokenOnly === true,
      cache,
      packing,
    };
  }

  /** A cache with room for `maxLength` positions of `batch` sequences, on the model's device and in its dtype. */
  makeCache(batch: number, maxLength: number): KvCache {
    const { numHiddenLayers: layers, numKeyValueHeads: kvHeads, headDim } = this.config;
    return new KvCache({ layers, batch, kvHeads, maxLength, headDim, dtype: this.dtype, device: this.device });
  }

  /** Packs the weights where that is made up for: it copies them once, and spares each step of two rows or more. */
  prepareDecoding({ rows, steps }: DecodingWork): Disposable | undefined {
    return rows > 1 && steps >= STEPS_THAT_PAY ? packLinears(this) : undefined;
  }

  startDecoding(prompts: readonly (readonly number[])[], maxNewTokens: number): DecodingSession {
    const longest = Math.max(...prompts.map((prompt) => prompt.length));
    refuseBeyondWindow(this.config, longest + maxNewTokens);
    return new CachedDecoding(this, prompts, maxNewTokens);
  }
}
