/** The words of config.json that all families share, and the decoder that follows from them. */
import { z } from 'zod';
import type { DType } from '../../torch';
import { InputError } from '../../files/input-error';
import { CONFIG_FILE, type DecoderConfig, type DecoderShape } from '../decoder-config';
import type { Rope } from '../rope';
import { ropeOf, ropeParameters, ropeSchema } from './rope-words';
import { quantisationSchema } from '../quantisation/config';
import { activation, dtype, flag, layerTypes, notNegative, padTokenId, positive, size, text, tokenId, tokenIds, wanted } from './words'; // prettier-ignore

/** What transformers takes where config.json is silent. Absent and null differ there: null counts as said. */
export interface SharedDefaults {
  /** Undefined: as many as heads. */
  keyValueHeads?: number;
  /** Undefined: hidden_size / num_attention_heads. */
  headDim?: number;
  maxPositionEmbeddings: number;
  rmsNormEps?: number;
  ropeTheta?: number;
  slidingWindow?: number | null;
  tied?: boolean;
  hiddenAct?: DecoderConfig['hiddenAct'];
  bos: number | null;
  eos: number | null;
  pad: number | null;
}

/** The shared words, checked. */
export const sharedFields = (defaults: SharedDefaults) => ({
  architectures: z.array(text, wanted('a list')).nullish(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  // A bound that no model comes near keeps a damaged number from filling the memory with layers.
  num_hidden_layers: size.max(10_000, wanted('10000 or fewer')),
  num_attention_heads: size,
  num_key_value_heads: size.nullable().default(defaults.keyValueHeads ?? null),
  head_dim: size.nullable().default(defaults.headDim ?? null),
  hidden_act: activation.default(defaults.hiddenAct ?? 'silu'),
  max_position_embeddings: size.default(defaults.maxPositionEmbeddings),
  initializer_range: notNegative.default(0.02),
  rms_norm_eps: notNegative.default(defaults.rmsNormEps ?? 1e-6),
  tie_word_embeddings: flag.default(defaults.tied ?? false),
  attention_bias: flag.default(false),
  mlp_bias: flag.default(false),
  rope_theta: positive.nullish(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
  original_max_position_embeddings: size.nullish(),
  partial_rotary_factor: positive.max(1, wanted('at most 1')).nullish(),
  sliding_window: size.nullable().default(defaults.slidingWindow ?? null),
  layer_types: layerTypes.nullish(),
  attention_dropout: notNegative.default(0),
  bos_token_id: tokenId.nullable().default(defaults.bos),
  eos_token_id: tokenIds.nullable().default(defaults.eos),
  pad_token_id: padTokenId.default(defaults.pad),
  dtype,
  torch_dtype: dtype,
  quantization_config: quantisationSchema.nullish(),
});

export type SharedWords = z.output<z.ZodObject<ReturnType<typeof sharedFields>>>;

/** The decoder that the shared words describe, but for its positions: no biases, every layer the same. */
export function sharedShape(file: SharedWords): Omit<DecoderShape, 'modelType' | 'rope'> {
  return {
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    numHiddenLayers: file.num_hidden_layers,
    numAttentionHeads: file.num_attention_heads,
    numKeyValueHeads: file.num_key_value_heads ?? file.num_attention_heads,
    headDim: file.head_dim ?? undefined,
    hiddenAct: file.hidden_act,
    maxPositionEmbeddings: file.max_position_embeddings,
    initializerRange: file.initializer_range,
    rmsNormEps: file.rms_norm_eps,
    slidingWindow: file.sliding_window,
    tieWordEmbeddings: file.tie_word_embeddings,
    dtype: file.dtype ?? file.torch_dtype ?? undefined,
    bosTokenId: file.bos_token_id,
    eosTokenIds: [file.eos_token_id ?? []].flat(),
    padTokenId: file.pad_token_id ?? null,
    attentionDropout: file.attention_dropout,
  };
}

/** Rotary positions of a file that has one kind of them. */
export function flatRope(file: SharedWords, theta: number): Rope {
  const words = file.rope_scaling ?? file.rope_parameters ?? {};
  if ('full_attention' in words || 'sliding_attention' in words)
    throw new InputError(`${CONFIG_FILE}: rope_parameters names kinds of layers, but this family has one kind`);
  // Beside rope_parameters it counts more than in them, as in transformers.
  const original = file.original_max_position_embeddings;
  return ropeOf(original ? { ...words, original_max_position_embeddings: original } : words, {
    theta: file.rope_parameters?.rope_theta ?? file.rope_theta ?? theta,
    originalMaxPositionEmbeddings: file.max_position_embeddings,
    partialRotaryFactor: file.partial_rotary_factor ?? undefined,
  });
}

/** Which layers have a window, by the words for it. */
export const slidingOf = (types: readonly string[]): boolean[] => types.map((type) => type === 'sliding_attention');

/** The words again, for families with one kind of positions. */
export function sharedWords(config: DecoderConfig, dtype: DType): Record<string, unknown> {
  return {
    attention_dropout: config.attentionDropout,
    bos_token_id: config.bosTokenId,
    dtype,
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
    head_dim: config.headDim,
    hidden_act: config.hiddenAct,
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositionEmbeddings,
    model_type: config.modelType,
    num_attention_heads: config.numAttentionHeads,
    num_hidden_layers: config.numHiddenLayers,
    num_key_value_heads: config.numKeyValueHeads,
    pad_token_id: config.padTokenId,
    rms_norm_eps: config.rmsNormEps,
    ...ropeWords(config),
    sliding_window: config.slidingWindow,
    tie_word_embeddings: config.tieWordEmbeddings,
    use_cache: true,
    vocab_size: config.vocabSize,
  };
}

/** Two spellings: transformers 5 reads rope_parameters, older releases the others. */
function ropeWords({ rope }: DecoderConfig): Record<string, unknown> {
  const parameters = ropeParameters(rope);
  const { rope_theta: _, ...scaling } = parameters;
  const older = rope.scaling ? { rope_scaling: scaling } : {};
  return { rope_theta: rope.theta, rope_parameters: parameters, ...older };
}

/** `layer_types` of a config. */
export function layerTypesOf({ slidingWindow, slidingLayers, numHiddenLayers }: DecoderConfig): string[] {
  return Array.from({ length: numHiddenLayers }, (_, layer) =>
    slidingWindow !== null && (slidingLayers?.[layer] ?? true) ? 'sliding_attention' : 'full_attention',
  );
}
