/** The weights of a decoder from its config alone: names and shapes as its modules have them, without making one. */
import type { DecoderConfig } from './decoder-config';

export interface WeightShape {
  /** Dotted, as in files. */
  name: string;
  shape: readonly number[];
  /** Whether it is a Linear's matrix, which may be kept in four bits. */
  isLinear: boolean;
}

/** What lies on one device as a whole. */
export interface ModelPart {
  name: string;
  /** Those of a head that is tied to the embedding are the embedding's. */
  weights: readonly WeightShape[];
}

export const [EMBEDDING, LAYERS, FINAL_NORM, HEAD] = ['model.embed_tokens', 'model.layers', 'model.norm', 'lm_head'];

/** The weights that a model is saved with. */
export interface WeightLayout {
  /** Shapes by name; a weight that several modules share stands under its first name. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** The further names of shared weights, and the first. */
  twins: ReadonlyMap<string, string>;
}

export function weightLayout(config: DecoderConfig): WeightLayout {
  const weights = partsOf(config).flatMap((part) => part.weights);
  const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
  const twins = new Map(config.tieWordEmbeddings ? [[`${HEAD}.weight`, `${EMBEDDING}.weight`]] : []);
  return { shapes, twins };
}

/** Whether a part is one of those that lie together: where ids come in, and hidden states and logits come out. */
export const isHome = ({ name }: ModelPart): boolean => !name.startsWith(`${LAYERS}.`);

/** The parts in the order of computing: the embedding, each layer, the last norm, the head. */
export function partsOf(config: DecoderConfig): ModelPart[] {
  const { vocabSize, hiddenSize, numHiddenLayers, tieWordEmbeddings } = config;
  const matrix = (name: string): WeightShape[] => [
    { name: `${name}.weight`, shape: [vocabSize, hiddenSize], isLinear: false },
  ];
  return [
    { name: EMBEDDING, weights: matrix(EMBEDDING) },
    ...Array.from({ length: numHiddenLayers }, (_, layer) => {
      const name = `${LAYERS}.${layer}`;
      return { name, weights: layerWeights(config).map((weight) => ({ ...weight, name: `${name}.${weight.name}` })) };
    }),
    { name: FINAL_NORM, weights: [norm(FINAL_NORM, hiddenSize)] },
    { name: HEAD, weights: tieWordEmbeddings ? [] : matrix(HEAD) },
  ];
}

function layerWeights(config: DecoderConfig): WeightShape[] {
  const { hiddenSize: hidden, intermediateSize: inner, normPlaces, fusedProjections, mlpBias } = config;
  const mlp = fusedProjections
    ? [...linear('mlp.gate_up_proj', 2 * inner, hidden, mlpBias)]
    : ['gate', 'up'].flatMap((which) => linear(`mlp.${which}_proj`, inner, hidden, mlpBias));
  const norms = [
    ...(normPlaces === 'after' ? [] : ['input_layernorm']),
    'post_attention_layernorm',
    ...(normPlaces === 'both' ? ['pre_feedforward_layernorm'] : []),
    ...(normPlaces === 'before' ? [] : ['post_feedforward_layernorm']),
  ];
  return [
    ...attentionWeights(config),
    ...mlp,
    ...linear('mlp.down_proj', hidden, inner, mlpBias),
    ...norms.map((name) => norm(name, hidden)),
  ];
}

function attentionWeights(config: DecoderConfig): WeightShape[] {
  const { hiddenSize: hidden, numAttentionHeads, numKeyValueHeads, headDim, qkvBias, outputBias, qkNorm } = config;
  const [queries, keys] = [numAttentionHeads * headDim, numKeyValueHeads * headDim];
  const projections: [name: string, outputs: number][] = config.fusedProjections
    ? [['qkv_proj', queries + 2 * keys]]
    : [['q_proj', queries], ['k_proj', keys], ['v_proj', keys]]; // prettier-ignore
  const norms: [name: string, size: number][] = [
    ['q_norm', qkNorm === 'head' ? headDim : queries],
    ['k_norm', qkNorm === 'head' ? headDim : keys],
  ];
  return [
    ...projections.flatMap(([name, outputs]) => linear(`self_attn.${name}`, outputs, hidden, qkvBias)),
    ...linear('self_attn.o_proj', hidden, queries, outputBias),
    ...(qkNorm === null ? [] : norms.map(([name, size]) => norm(`self_attn.${name}`, size))),
  ];
}

function linear(name: string, outputs: number, inputs: number, bias: boolean): WeightShape[] {
  const weight = { name: `${name}.weight`, shape: [outputs, inputs], isLinear: true };
  return bias ? [weight, { name: `${name}.bias`, shape: [outputs], isLinear: false }] : [weight];
}

const norm = (name: string, size: number): WeightShape => ({ name: `${name}.weight`, shape: [size], isLinear: false });
