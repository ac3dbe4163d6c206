import { InputError } from '../files/input-error';
import { join } from 'node:path';
import { graphRecorder, isHalf, type Device, type DType, type Tensor } from '../torch';
import { init, Module, skipInit } from '../nn';
import { PackedLinears } from '../nn/packed-linears';
import { initialise } from '../nn/parameter';
import { saveSafetensors } from '../checkpoints/safetensors';
import { makeFolders } from '../files/folders';
import { writeTextAside } from '../files/write-aside';
import type { Tokenizer } from '../text';
import { positionsOf, queriesOf, type AttentionPlan } from './attention-plan';
import { CachedDecoding } from './cached-decoding';
import {
  completeConfig,
  CONFIG_FILE,
  layerViews,
  type DecoderConfig,
  type DecoderShape,
  type LayerView,
} from './decoder-config';
import { DecoderBody } from './decoder-layers';
import { configText } from './families';
import { FixedStep } from './fixed-step';
import { KvCache } from './kv-cache';
import type { DecodingSession, DecodingWork, ForwardOptions, LanguageModel, PreparedDecoding } from './language-model';
import { OutputHead } from './output-head';
import { savedFourBit } from './quantisation/saved';
import { dependsOnLength } from './rope';
import { weightLayout } from './weight-layout';

/** Packing takes as long as 15 to 20 steps gain by it, measured on 125 million parameters. */
const STEPS_THAT_PAY = 24;

/** Capturing a graph takes about as long as two steps without it. */
const LEAST_STEPS_CAPTURED = 6;

/** The decoder of every family, with its output head: `model.layers.0.self_attn.q_proj`, `lm_head`. */
export class Decoder extends Module<[ids: Tensor, options?: ForwardOptions]> implements LanguageModel {
  readonly model: DecoderBody;
  readonly lmHead: Module;
  readonly config: DecoderConfig;
  readonly finalNorm = 'model.norm';
  tokenizer: Tokenizer | null = null;
  readonly #views: readonly LayerView[];

  /**
   * A model with random weights, drawn as transformers draws them: N(0, initializerRange) for matrices, zeros for biases,
   * and norms that change nothing.
   * All parameters require gradients. Inside `skipInit` nothing is drawn.
   * @throws InputError when the numbers do not fit each other.
   */
  constructor(shape: DecoderShape) {
    super();
    const config = completeConfig(shape);
    this.config = config;
    this.#views = layerViews(config);
    // The layers' own initialisers draw other numbers, so they are passed over.
    [this.model, this.lmHead] = skipInit(() => [
      new DecoderBody(config),
      new OutputHead(config.hiddenSize, config.vocabSize),
    ]);
    // Tied weights are one parameter under two names, as in transformers.
    if (config.tieWordEmbeddings) Reflect.set(this.lmHead, 'weight', this.model.embedTokens.weight);
    initialise(() => this.#draw());
  }

  #draw(): void {
    const { normAddsOne, initializerRange } = this.config;
    for (const [name, parameter] of this.namedParameters()) {
      if (parameter.ndim > 1) init.normal_(parameter, 0, initializerRange);
      else if (normAddsOne || name.endsWith('.bias')) init.zeros_(parameter);
      else init.ones_(parameter);
    }
  }

  save(folder: string): void {
    const state = new Map<string, Tensor>(this.namedParameters());
    const { shapes } = weightLayout(this.config);
    const other = [...state.keys()].find((name) => !shapes.has(name));
    if (other !== undefined)
      throw new Error(`Decoder.save: ${other} is no weight of the model; unload the adapters first`);
    const fourBit = savedFourBit(this);
    const text = configText(this.config, this.dtype, fourBit && { quantization_config: fourBit.config });
    makeFolders(folder);
    const whole = new Map([...state, ...(fourBit?.state ?? [])]);
    saveSafetensors(join(folder, 'model.safetensors'), whole, { format: 'pt' });
    writeTextAside(join(folder, CONFIG_FILE), text);
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

  get gradientCheckpointing(): boolean {
    return this.model.gradientCheckpointing;
  }

  set gradientCheckpointing(on: boolean) {
    this.model.gradientCheckpointing = on;
  }

  attentionOutput(layer: number): string {
    return `${this.layerOutput(layer)}.self_attn.o_proj`;
  }

  layerOutput(layer: number): string {
    return `model.layers.${layer}`;
  }

  /**
   * @param ids int64 [batch, seq]
   * @returns logits [batch, seq, vocab], in float32 for weights of half precision; rows of pads are meaningless but finite
   * @throws RangeError when the cache or a mask does not fit
   */
  forward(ids: Tensor, options: ForwardOptions = {}): Tensor {
    if (!options.lastTokenOnly) return inPlace(this.#logits(this.#decoded(ids, options)), options);
    const hiddenStates = this.hiddenStates(ids, options);
    return this.#logits(hiddenStates.narrow(1, hiddenStates.size(1) - 1, 1));
  }

  #logits(hiddenStates: Tensor): Tensor {
    const { logitDivisor, logitSoftcap: cap } = this.config;
    const logits = this.lmHead.call(hiddenStates);
    const scaled = logitDivisor === 1 ? logits : logits.div(logitDivisor);
    return cap === null ? scaled : scaled.div(cap).tanh().mul(cap);
  }

  hiddenStates(ids: Tensor, options: ForwardOptions = {}): Tensor {
    return inPlace(this.#decoded(ids, options), options);
  }

  /** The hidden states, [1, rows, hidden] where pads are shared. */
  #decoded(ids: Tensor, options: ForwardOptions): Tensor {
    const { cache, sharedPads } = options;
    if (ids.ndim !== 2) throw new RangeError(`Decoder: ids must be [batch, seq], got [${ids.shape.join(', ')}]`);
    this.#requireHere({ ids, attentionMask: options.attentionMask, positions: options.positions });
    if (cache && sharedPads) throw new RangeError('Decoder: a pass with a cache cannot share pads');
    const { attentionDropout: dropout } = this.config;
    if (this.training && dropout > 0)
      throw new InputError(`${CONFIG_FILE}: attention_dropout is ${dropout}; training supports only 0`);
    const seq = ids.size(1);
    cache?.requireRoom(seq);
    const hiddenStates = this.model.call(ids, this.#plan(ids, options));
    cache?.advance(seq);
    return hiddenStates;
  }

  #requireHere(given: Record<string, Tensor | undefined>): void {
    const { device } = this;
    for (const [name, tensor] of Object.entries(given)) {
      if (!tensor || tensor.device.equals(device)) continue;
      throw new RangeError(
        `Decoder: ${name} must be on ${String(device)} like the model, got ${String(tensor.device)}: batches are made on their option device`,
      );
    }
  }

  #plan(ids: Tensor, options: ForwardOptions): AttentionPlan {
    const { attentionMask, positions, cache, lastTokenOnly, sharedPads } = options;
    const [batch, seq] = ids.shape as [number, number];
    const past = cache?.length ?? 0;
    const total = past + seq;
    if (attentionMask && attentionMask.shape.join() !== `${batch},${total}`) {
      throw new RangeError(
        `Decoder: attentionMask must be [${batch}, ${total}], got [${attentionMask.shape.join(', ')}]`,
      );
    }
    const at = positions ?? positionsOf(attentionMask, past, seq, this.device);
    // Where pads are shared there are some.
    const place = { attentionMask, padded: options.padded ?? (sharedPads && true), positions: at, past, seq };
    // On a processor masks cost nothing, and sums keep their order.
    const behind = this.device.type === 'cpu' ? undefined : attentionMask && sharedPads?.behind(attentionMask);
    const attended = behind ? { ...place, attentionMask: undefined, positions: behind.moved(at) } : place;
    return {
      layers: queriesOf(this.#views, this.config, attended, this.model.embedTokens.weight),
      // Without a cache hooks see every position of every layer: losses and measurements read them.
      lastTokenOnly: cache !== undefined && lastTokenOnly === true,
      cache,
      frees: cache !== undefined || options.frees === true,
      sharedPads,
      layout: behind ?? sharedPads,
    };
  }

  makeCache(batch: number, maxLength: number): KvCache {
    const { numHiddenLayers: layers, numKeyValueHeads: kvHeads, headDim } = this.config;
    const device = this.model.isSpread ? [...this.model.layers].map((layer) => layer.device) : this.device;
    return new KvCache({ layers, batch, kvHeads, maxLength, headDim, dtype: this.dtype, device });
  }

  /**
   * Packs the weights where that is made up for: it copies them once, and spares each step of two rows or more, and of
   * half precision each step.
   */
  prepareDecoding({ rows, steps }: DecodingWork): PreparedDecoding | undefined {
    return (rows > 1 || isHalf(this.dtype)) && steps >= STEPS_THAT_PAY ? new PackedLinears(this) : undefined;
  }

  startDecoding(prompts: readonly (readonly number[])[], maxNewTokens: number): DecodingSession {
    // A prompt whose angles depend on its length cannot share another's beginning.
    const sharesPrefix = !this.#views.some(({ rope }) => rope && dependsOnLength(rope));
    const captures = maxNewTokens >= LEAST_STEPS_CAPTURED && !this.model.isSpread;
    const recorder = captures ? graphRecorder(this.device) : null;
    return new CachedDecoding(this, prompts, maxNewTokens, { sharesPrefix, recorder });
  }

  fixedStep(cache: KvCache, attentionMask: Tensor | undefined): FixedStep {
    const call = (ids: Tensor, plan: AttentionPlan): Tensor => this.#logits(this.model.call(ids, plan));
    const like = this.model.embedTokens.weight;
    return new FixedStep({ cache, attentionMask, views: this.#views, config: this.config, like, call });
  }
}

/** [batch, seq, features] of what a pass computed, whether or not its pads were shared. */
function inPlace(x: Tensor, { sharedPads }: ForwardOptions): Tensor {
  return sharedPads ? sharedPads.spread(x) : x;
}
