import type { DType } from '../torch';
import { InputError } from '../files/input-error';

/** A decoder, in the words of Hugging Face's config.json. */
export interface DecoderConfig {
  /** The family whose words config.json is written in: `mistral`. */
  modelType: string;
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
  /** Of attention weights in training, which is not supported above 0; without training it changes nothing. */
  attentionDropout: number;
}

/** What has to be given to describe a decoder from scratch; {@link completeConfig} has the defaults of the rest. */
export type DecoderShape = Pick<
  DecoderConfig,
  'modelType' | 'vocabSize' | 'hiddenSize' | 'intermediateSize' | 'numHiddenLayers' | 'numAttentionHeads'
> &
  Partial<DecoderConfig>;

/** The file that errors name: these numbers come from there. */
export const CONFIG_FILE = 'config.json';

/** Numbers of one weight: more fit into no memory, and products of sizes below this are exact. */
const MOST_NUMBERS = 2 ** 48;

/**
 * Fills in what a shape leaves open and checks that the numbers fit each other.
 * @throws InputError such as `config.json: num_key_value_heads is 3, which does not divide num_attention_heads 32`.
 */
export function completeConfig(shape: DecoderShape): DecoderConfig {
  const heads = shape.numAttentionHeads;
  const config: DecoderConfig = {
    modelType: shape.modelType,
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
    attentionDropout: shape.attentionDropout ?? 0,
  };
  refuseMisfits(config);
  return config;
}

function refuseMisfits(config: DecoderConfig): void {
  const { hiddenSize, numAttentionHeads: heads, numKeyValueHeads: kvHeads, headDim, vocabSize } = config;
  if (!Number.isInteger(headDim)) {
    throw new InputError(
      `${CONFIG_FILE}: num_attention_heads is ${heads}, which does not divide hidden_size ${hiddenSize}`,
    );
  }
  if (heads % kvHeads !== 0) {
    throw new InputError(
      `${CONFIG_FILE}: num_key_value_heads is ${kvHeads}, which does not divide num_attention_heads ${heads}`,
    );
  }
  if (headDim % 2 !== 0) {
    throw new InputError(`${CONFIG_FILE}: head_dim is ${headDim}, but rotary positions need an even number`);
  }
  const ids = [config.bosTokenId, ...config.eosTokenIds, config.padTokenId];
  const outside = ids.find((id) => id !== null && id >= vocabSize);
  if (outside !== undefined) {
    throw new InputError(`${CONFIG_FILE}: a special token has id ${outside}, but vocab_size is ${vocabSize}`);
  }
  const widest = Math.max(vocabSize, config.intermediateSize, heads * headDim);
  if (widest * hiddenSize > MOST_NUMBERS) {
    throw new InputError(`${CONFIG_FILE}: hidden_size is ${hiddenSize}, too much for a weight of ${widest} rows`);
  }
}

/**
 * Refuses what the decoder would compute wrongly: a sliding window shorter than the sequence.
 * @throws InputError that names the window.
 */
export function refuseBeyondWindow({ slidingWindow }: DecoderConfig, tokens: number): void {
  if (slidingWindow !== null && tokens > slidingWindow) {
    throw new InputError(
      `${CONFIG_FILE}: sliding_window is ${slidingWindow}, but the sequence has ${tokens} tokens; only full attention is supported`,
    );
  }
}
