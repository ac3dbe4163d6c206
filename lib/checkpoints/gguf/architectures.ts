/** The architectures of GGUF files that are read, and what llama.cpp's converter does to each one's weights and names. */
import { InputError, quoted } from '../../files/input-error';
import type { Metadata } from './metadata';

export interface Architecture {
  /** `general.architecture`. */
  name: string;
  /** `model_type` and the first of `architectures` in config.json. */
  modelType: string;
  className: string;
  /** Rows of the query and key weights stand in pairs, as llama.cpp's rotary positions have them. */
  permuted: boolean;
  /** Gains of norms are stored as 1 + w, where Hugging Face has w. */
  shiftedNorms: boolean;
  /** Names within a layer, ours by theirs. */
  layer: Readonly<Partial<Record<string, string>>>;
}

const ATTENTION = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
};
const QK_NORMS = { attn_q_norm: 'self_attn.q_norm', attn_k_norm: 'self_attn.k_norm' };
const MLP = { ffn_gate: 'mlp.gate_proj', ffn_up: 'mlp.up_proj', ffn_down: 'mlp.down_proj' };
const PRE_NORMS = { attn_norm: 'input_layernorm', ffn_norm: 'post_attention_layernorm' };
const POST_NORMS = { post_attention_norm: 'post_attention_layernorm', post_ffw_norm: 'post_feedforward_layernorm' };
/** Llama's layer, of which the others are variations. */
const LAYER = { ...ATTENTION, ...MLP, ...PRE_NORMS };
const GEMMA_NORMS = { attn_norm: 'input_layernorm', ffn_norm: 'pre_feedforward_layernorm', ...POST_NORMS };

const plain = { permuted: false, shiftedNorms: false };

const ARCHITECTURES: readonly Architecture[] = [
  { name: 'llama', modelType: 'llama', className: 'LlamaForCausalLM', ...plain, permuted: true, layer: LAYER },
  { name: 'mistral3', modelType: 'ministral3', className: 'Ministral3ForCausalLM', ...plain, permuted: true, layer: LAYER }, // prettier-ignore
  { name: 'granite', modelType: 'granite', className: 'GraniteForCausalLM', ...plain, permuted: true, layer: LAYER },
  { name: 'smollm3', modelType: 'smollm3', className: 'SmolLM3ForCausalLM', ...plain, permuted: true, layer: LAYER },
  { name: 'qwen2', modelType: 'qwen2', className: 'Qwen2ForCausalLM', ...plain, layer: LAYER },
  { name: 'qwen3', modelType: 'qwen3', className: 'Qwen3ForCausalLM', ...plain, layer: { ...LAYER, ...QK_NORMS } },
  {
    name: 'phi3',
    modelType: 'phi3',
    className: 'Phi3ForCausalLM',
    ...plain,
    layer: { ...LAYER, attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' },
  },
  {
    name: 'olmo2',
    modelType: 'olmo2',
    className: 'Olmo2ForCausalLM',
    ...plain,
    layer: { ...ATTENTION, ...QK_NORMS, ...MLP, ...POST_NORMS },
  },
  {
    name: 'gemma2',
    modelType: 'gemma2',
    className: 'Gemma2ForCausalLM',
    permuted: false,
    shiftedNorms: true,
    layer: { ...ATTENTION, ...MLP, ...GEMMA_NORMS },
  },
  {
    name: 'gemma3',
    modelType: 'gemma3_text',
    className: 'Gemma3ForCausalLM',
    permuted: false,
    shiftedNorms: true,
    layer: { ...ATTENTION, ...QK_NORMS, ...MLP, ...GEMMA_NORMS },
  },
];

/**
 * The architecture that a file names.
 * @throws InputError that names those that are read, and for a mixture of experts
 */
export function architectureOf(metadata: Metadata): Architecture {
  const { file } = metadata;
  const name = metadata.required('general.architecture', metadata.text('general.architecture'));
  const found = ARCHITECTURES.find((one) => one.name === name);
  const experts = metadata.number(`${name}.expert_count`) ?? 0;
  if (experts > 0 || /moe/i.test(name))
    throw new InputError(`${file}: ${quoted(name)} is a mixture of ${experts || 'several'} experts, which is not supported`); // prettier-ignore
  if (!found) {
    const known = ARCHITECTURES.map((one) => one.name).join(', ');
    throw new InputError(`${file}: general.architecture is ${quoted(name)}; known are ${known}`);
  }
  // The third generation of OLMo is the second with windows.
  if (name === 'olmo2' && metadata.values.has('olmo2.attention.sliding_window'))
    return { ...found, modelType: 'olmo3', className: 'Olmo3ForCausalLM' };
  return found;
}

/** What stands for rotary positions in the file, and becomes a part of config.json. */
export const ROPE_TENSORS = ['rope_freqs.weight', 'rope_factors_long.weight', 'rope_factors_short.weight'] as const;

const OUTSIDE: Readonly<Partial<Record<string, string>>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

/** Hugging Face's name of a tensor; undefined for one that has no place in the architecture. */
export function huggingFaceName(name: string, { layer }: Architecture): string | undefined {
  const [, number, part, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  if (part === undefined) return undefined;
  const table = number === undefined ? OUTSIDE : layer;
  const found = Object.hasOwn(table, part) ? table[part] : undefined;
  if (found === undefined) return undefined;
  return number === undefined ? `${found}.${kind}` : `model.layers.${number}.${found}.${kind}`;
}
