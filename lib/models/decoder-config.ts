import type { DType } from '../torch';
import { InputError } from '../files/input-error';
import { rotaryDim, type Rope } from './rope';

/** What families of decoders differ in. Sizes and names are Hugging Face's. */
export interface DecoderConfig {
  /** The family whose words config.json is written in, such as `mistral`. */
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
  /** Of the feed-forward block's gate. */
  hiddenAct: 'silu' | 'gelu' | 'gelu_pytorch_tanh';

  /** Positions of the layers that see the whole sequence, and of all others unless `slidingRope` says otherwise. */
  rope: Rope;
  /** Positions of the layers with a window; null: those of the others. */
  slidingRope: Rope | null;
  /** Which layers know positions; null: all. */
  ropeLayers: boolean[] | null;
  /** Tokens that a layer with a window looks back, itself included; null: no layer has one. */
  slidingWindow: number | null;
  /** Which layers have the window; null: all. */
  slidingLayers: boolean[] | null;
  /** Queries grow with their position, by 1 + beta log(1 + floor(position / original)) (Llama 4); null: they do not. */
  queryGrowth: { beta: number; original: number } | null;

  qkvBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
  /** Queries, keys and values are one product, gate and up another: `qkv_proj`, `gate_up_proj`. */
  fusedProjections: boolean;
  /** Queries and keys are normalised, each head by itself or all heads together. */
  qkNorm: 'head' | 'all' | null;
  /** Where a block is normalised: its input, its output, or both. */
  normPlaces: 'before' | 'after' | 'both';
  /** A norm multiplies by 1 + weight, so that weights of zero change nothing. */
  normAddsOne: boolean;

  /** What embeddings are multiplied by, rounded to the weights' dtype. */
  embeddingScale: number;
  /** What queries times keys are multiplied by; null: headDim^-0.5. */
  attentionScale: number | null;
  /** What a block's output is multiplied by before it is added. */
  residualScale: number;
  /** What logits are divided by. */
  logitDivisor: number;
  /** c tanh(x / c) bounds the scores of attention; null: no bound. */
  attentionSoftcap: number | null;
  /** c tanh(x / c) bounds the logits; null: no bound. */
  logitSoftcap: number | null;

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
  Partial<Omit<DecoderConfig, 'rope'>> & { rope?: Partial<Rope> };

/** The file that errors name: these numbers come from there. */
export const CONFIG_FILE = 'config.json';

/** Numbers of one weight: more fit into no memory, and products of sizes below this are exact. */
const MOST_NUMBERS = 2 ** 48;

/** A decoder without anything that only some families have. */
const PLAIN = {
  maxPositionEmbeddings: 4096,
  initializerRange: 0.02,
  rmsNormEps: 1e-6,
  hiddenAct: 'silu',
  slidingRope: null,
  ropeLayers: null,
  slidingWindow: null,
  slidingLayers: null,
  queryGrowth: null,
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  fusedProjections: false,
  qkNorm: null,
  normPlaces: 'before',
  normAddsOne: false,
  embeddingScale: 1,
  attentionScale: null,
  residualScale: 1,
  logitDivisor: 1,
  attentionSoftcap: null,
  logitSoftcap: null,
  tieWordEmbeddings: false,
  dtype: undefined,
  bosTokenId: null,
  padTokenId: null,
  attentionDropout: 0,
} as const satisfies Partial<DecoderConfig>;

/**
 * Fills in what a shape leaves open and checks that the numbers fit each other.
 * @throws InputError such as `config.json: num_key_value_heads is 3, which does not divide num_attention_heads 32`.
 */
export function completeConfig(shape: DecoderShape): DecoderConfig {
  const given = Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
  const heads = shape.numAttentionHeads;
  const config: DecoderConfig = {
    ...PLAIN,
    eosTokenIds: [],
    numKeyValueHeads: heads,
    headDim: shape.hiddenSize / heads,
    ...(given as typeof shape),
    rope: { theta: 10000, partialRotaryFactor: 1, scaling: null, ...shape.rope },
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
  const widest = Math.max(vocabSize, 2 * config.intermediateSize, (heads + 2 * kvHeads) * headDim);
  if (widest * hiddenSize > MOST_NUMBERS) {
    throw new InputError(`${CONFIG_FILE}: hidden_size is ${hiddenSize}, too much for a weight of ${widest} rows`);
  }
  refuseMisfitLists(config);
  for (const rope of [config.rope, config.slidingRope]) if (rope) refuseMisfitRope(rope, config);
}

function refuseMisfitLists({ numHiddenLayers: layers, ropeLayers, slidingLayers }: DecoderConfig): void {
  for (const [name, list] of Object.entries({ no_rope_layers: ropeLayers, layer_types: slidingLayers })) {
    if (list && list.length !== layers)
      throw new InputError(`${CONFIG_FILE}: ${name} has ${list.length} entries, but num_hidden_layers is ${layers}`);
  }
}

function refuseMisfitRope(rope: Rope, { headDim }: DecoderConfig): void {
  const pairs = rotaryDim(rope, headDim) / 2;
  if (pairs < 1 || pairs * 2 > headDim) {
    throw new InputError(
      `${CONFIG_FILE}: partial_rotary_factor is ${rope.partialRotaryFactor}, which leaves ${pairs} pairs of a head of ${headDim}`,
    );
  }
  const { scaling } = rope;
  if (scaling?.type === 'dynamic' && pairs < 2)
    throw new InputError(`${CONFIG_FILE}: rope_type "dynamic" needs heads of 4 numbers or more, got ${headDim}`);
  if (scaling?.type !== 'longrope') return;
  for (const [name, list] of [
    ['short_factor', scaling.shortFactor],
    ['long_factor', scaling.longFactor],
  ] as const) {
    // prettier-ignore
    if (list.length !== pairs)
      throw new InputError(`${CONFIG_FILE}: ${name} has ${list.length} numbers, but a head has ${pairs} rotary pairs`);
  }
}

/** What a layer sees and how it knows positions; layers that share both share the object. */
export interface LayerView {
  window: number | null;
  rope: Rope | null;
}

/** The view of each layer. */
export function layerViews(config: DecoderConfig): LayerView[] {
  const { slidingWindow, slidingLayers, ropeLayers, rope, slidingRope } = config;
  const made = new Map<string, LayerView>();
  return Array.from({ length: config.numHiddenLayers }, (_, layer) => {
    const slides = slidingWindow !== null && (slidingLayers?.[layer] ?? true);
    const turns = ropeLayers?.[layer] ?? true;
    const key = `${slides} ${turns}`;
    const view = made.get(key) ?? {
      window: slides ? slidingWindow : null,
      rope: turns ? ((slides ? slidingRope : null) ?? rope) : null,
    };
    made.set(key, view);
    return view;
  });
}
