import { join } from 'node:path';
import { z } from 'zod';
import type { DType } from '../torch';
import { InputError, shown } from '../files/input-error';
import { checkShape, readJsonFile } from '../files/json-file';

/** A Mistral architecture, in the words of Hugging Face's config.json. */
export interface MistralConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numKeyValueHeads: number;
  headDim: number;
  maxPositionEmbeddings: number;
  initializerRange: number;
  rmsNormEps: number;
  ropeTheta: number;
  /** Attention is full, which is exact up to this many tokens; longer sequences are refused. Null: no bound. */
  slidingWindow: number | null;
  tieWordEmbeddings: boolean;
  /** What the model was saved in; undefined when the file does not say. */
  dtype: DType | undefined;
  bosTokenId: number | null;
  /** Generation stops at any of these. */
  eosTokenIds: number[];
  padTokenId: number | null;
}

/** What has to be given to describe a model from scratch; the rest has Mistral's defaults. */
export type MistralShape = Pick<
  MistralConfig,
  'vocabSize' | 'hiddenSize' | 'intermediateSize' | 'numHiddenLayers' | 'numAttentionHeads'
> &
  Partial<MistralConfig>;

const FILE = 'config.json';

const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});
const size = z
  .int(wanted('a whole number'))
  .min(1, wanted('1 or more'))
  .max(2 ** 31, wanted('below 2^31'));
const positive = z.number(wanted('a number')).positive(wanted('above 0'));
const tokenId = z.int(wanted('a token id')).min(0, wanted('a token id of 0 or more'));
const dtype = z
  .enum(['float32', 'float64', 'float16', 'bfloat16'], wanted('float32, float64, float16 or bfloat16'))
  .nullish();
const ropeSchema = z.looseObject(
  {
    rope_theta: positive.optional(),
    rope_type: z.string(wanted('text')).optional(),
    type: z.string(wanted('text')).optional(),
  },
  wanted('an object'),
);

const fileSchema = z.looseObject(
  {
    model_type: z.literal('mistral', wanted('"mistral"')).optional(),
    architectures: z.array(z.string(wanted('text')), wanted('a list')).nullish(),
    vocab_size: size,
    hidden_size: size,
    intermediate_size: size,
    // A bound that no model comes near keeps a damaged number from filling the memory with layers.
    num_hidden_layers: size.max(10_000, wanted('10000 or fewer')),
    num_attention_heads: size,
    // Absent and null differ in transformers: absent means its default.
    num_key_value_heads: size.nullable().default(8),
    head_dim: size.nullish(),
    hidden_act: z.literal('silu', wanted('"silu"')).default('silu'),
    max_position_embeddings: size.default(131072),
    initializer_range: z.number(wanted('a number')).min(0, wanted('0 or more')).default(0.02),
    rms_norm_eps: z.number(wanted('a number')).min(0, wanted('0 or more')).default(1e-6),
    tie_word_embeddings: z.boolean(wanted('true or false')).default(false),
    rope_theta: positive.nullish(),
    rope_parameters: ropeSchema.nullish(),
    rope_scaling: ropeSchema.nullish(),
    sliding_window: size.nullable().default(4096),
    attention_dropout: z.number(wanted('a number')).min(0, wanted('0 or more')).default(0),
    bos_token_id: tokenId.nullable().default(1),
    eos_token_id: z
      .union([tokenId, z.array(tokenId)], wanted('a token id or a list of them'))
      .nullable()
      .default(2),
    pad_token_id: tokenId.nullish(),
    dtype,
    torch_dtype: dtype,
    quantization_config: z.null(wanted('absent: quantised checkpoints are not supported')).optional(),
  },
  wanted('an object'),
);

/**
 * Reads and checks the config.json of a Hugging Face folder.
 * @throws InputError such as `config.json: num_key_value_heads is 3, which does not divide num_attention_heads 32`.
 */
export function readMistralConfig(folder: string): MistralConfig {
  return parseMistralConfig(readJsonFile(join(folder, FILE), { uniqueKeys: true }));
}

/** Checks a parsed config.json. */
export function parseMistralConfig(json: unknown): MistralConfig {
  const file = checkShape(fileSchema, json, FILE);
  const parameters = { ...file.rope_scaling, ...file.rope_parameters };
  for (const rope of [file.rope_scaling, file.rope_parameters])
    refuseOtherRope(rope?.rope_type ?? rope?.type ?? 'default');
  const config = completeConfig({
    vocabSize: file.vocab_size,
    hiddenSize: file.hidden_size,
    intermediateSize: file.intermediate_size,
    numHiddenLayers: file.num_hidden_layers,
    numAttentionHeads: file.num_attention_heads,
    numKeyValueHeads: file.num_key_value_heads ?? file.num_attention_heads,
    headDim: file.head_dim ?? undefined,
    maxPositionEmbeddings: file.max_position_embeddings,
    initializerRange: file.initializer_range,
    rmsNormEps: file.rms_norm_eps,
    ropeTheta: parameters.rope_theta ?? file.rope_theta ?? 10000,
    slidingWindow: file.sliding_window,
    tieWordEmbeddings: file.tie_word_embeddings,
    dtype: file.dtype ?? file.torch_dtype ?? undefined,
    bosTokenId: file.bos_token_id,
    eosTokenIds: [file.eos_token_id ?? []].flat(),
    padTokenId: file.pad_token_id ?? null,
  });
  if (file.attention_dropout !== 0) {
    throw new InputError(`${FILE}: attention_dropout is ${file.attention_dropout}; only 0 is supported`);
  }
  return config;
}

/**
 * Fills in what a shape leaves open and checks that the numbers fit each other.
 * @throws InputError as {@link readMistralConfig}.
 */
export function completeConfig(shape: MistralShape): MistralConfig {
  const heads = shape.numAttentionHeads;
  const config: MistralConfig = {
    vocabSize: shape.vocabSize,
    hiddenSize: shape.hiddenSize,
    intermediateSize: shape.intermediateSize,
    numHiddenLayers: shape.numHiddenLayers,
    numAttentionHeads: heads,
    numKeyValueHeads: shape.numKeyValueHeads ?? heads,
    headDim: shape.headDim ?? shape.hiddenSize / heads,
    maxPositionEmbeddings: shape.maxPositionEmbeddings ?? 4096,
    initializerRange: shape.initializerRange ?? 0.02,
    rmsNormEps: shape.rmsNormEps ?? 1e-6,
    ropeTheta: shape.ropeTheta ?? 10000,
    slidingWindow: shape.slidingWindow ?? null,
    tieWordEmbeddings: shape.tieWordEmbeddings ?? false,
    dtype: shape.dtype,
    bosTokenId: shape.bosTokenId ?? null,
    eosTokenIds: shape.eosTokenIds ?? [],
    padTokenId: shape.padTokenId ?? null,
  };
  refuseMisfits(config);
  return config;
}

function refuseMisfits(config: MistralConfig): void {
  const { hiddenSize, numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim, vocabSize } = config;
  if (!Number.isInteger(headDim)) {
    throw new InputError(`${FILE}: num_attention_heads is ${heads}, which does not divide hidden_size ${hiddenSize}`);
  }
  if (heads % kvHeads !== 0) {
    throw new InputError(
      `${FILE}: num_key_value_heads is ${kvHeads}, which does not divide num_attention_heads ${heads}`,
    );
  }
  if (headDim % 2 !== 0) {
    throw new InputError(`${FILE}: head_dim is ${headDim}, but rotary positions need an even number`);
  }
  const ids = [config.bosTokenId, ...config.eosTokenIds, config.padTokenId];
  const outside = ids.find((id) => id !== null && id >= vocabSize);
  if (outside !== undefined) {
    throw new InputError(`${FILE}: a special token has id ${outside}, but vocab_size is ${vocabSize}`);
  }
}

function refuseOtherRope(type: string): void {
  if (type !== 'default') {
    throw new InputError(`${FILE}: rope_type is ${shown(type)}; only "default" is supported`);
  }
}

/**
 * Refuses what this implementation would compute wrongly: a sliding window shorter than the sequence.
 * @throws InputError that names the window.
 */
export function refuseBeyondWindow({ slidingWindow }: MistralConfig, tokens: number): void {
  if (slidingWindow !== null && tokens > slidingWindow) {
    throw new InputError(
      `${FILE}: sliding_window is ${slidingWindow}, but the sequence has ${tokens} tokens; only full attention is supported`,
    );
  }
}

/** The config.json that transformers reads back. */
export function configJson(config: MistralConfig, dtype: DType): Record<string, unknown> {
  return {
    architectures: ['MistralForCausalLM'],
    attention_dropout: 0.0,
    bos_token_id: config.bosTokenId,
    dtype,
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
    head_dim: config.headDim,
    hidden_act: 'silu',
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositionEmbeddings,
    model_type: 'mistral',
    num_attention_heads: config.numAttentionHeads,
    num_hidden_layers: config.numHiddenLayers,
    num_key_value_heads: config.numKeyValueHeads,
    pad_token_id: config.padTokenId,
    rms_norm_eps: config.rmsNormEps,
    // Both spellings: transformers 5 reads the second, older releases the first.
    rope_theta: config.ropeTheta,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: 'default' },
    sliding_window: config.slidingWindow,
    tie_word_embeddings: config.tieWordEmbeddings,
    use_cache: true,
    vocab_size: config.vocabSize,
  };
}
