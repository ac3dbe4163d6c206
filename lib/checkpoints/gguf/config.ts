/** config.json and generation_config.json out of a GGUF file's metadata, in Hugging Face's words. */
import { ArchitectureKeys } from './architecture-keys';
import { architectureOf, type Architecture } from './architectures';
import type { GgufFile } from './file';
import { ropeScaling } from './rope-scaling';

/** By `general.file_type`: all matrices of one float type. Of everything else float32 is made. */
const FILE_DTYPES: Readonly<Partial<Record<number, string>>> = { 1: 'float16', 32: 'bfloat16' };

/**
 * The config.json that stands for a GGUF file: what transformers makes of its metadata, and what that leaves out (other
 * widths of heads, scaled rotary positions, the multipliers of Granite, windows) as llama.cpp's converter wrote it.
 * @throws InputError that names the key
 */
export function ggufConfig(file: GgufFile): Record<string, unknown> {
  const { metadata, tensors } = file;
  const architecture = architectureOf(metadata);
  const keys = new ArchitectureKeys(metadata, architecture.name);
  const has = (name: string): boolean => tensors.has(name);
  const heads = keys.required('attention.head_count');
  const vocabSize = keys.number('vocab_size') ?? metadata.texts('tokenizer.ggml.tokens')?.length;
  const config: Record<string, unknown> = {
    architectures: [architecture.className],
    model_type: architecture.modelType,
    vocab_size: metadata.required(`${architecture.name}.vocab_size`, vocabSize),
    hidden_size: keys.required('embedding_length'),
    intermediate_size: keys.required('feed_forward_length'),
    num_hidden_layers: keys.required('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: keys.uniform('attention.head_count_kv') ?? heads,
    head_dim: headDim(keys, architecture),
    max_position_embeddings: keys.required('context_length'),
    rms_norm_eps: keys.required('attention.layer_norm_rms_epsilon'),
    rope_theta: keys.number('rope.freq_base'),
    rope_scaling: ropeScaling(file, keys, architecture),
    tie_word_embeddings: !has('output.weight'),
    dtype: FILE_DTYPES[metadata.number('general.file_type') ?? -1] ?? 'float32',
    bos_token_id: metadata.number('tokenizer.ggml.bos_token_id') ?? null,
    eos_token_id: metadata.number('tokenizer.ggml.eos_token_id') ?? null,
    pad_token_id: metadata.number('tokenizer.ggml.padding_token_id'),
    ...(OWN_WORDS[architecture.name] ?? (() => ({})))(keys, has),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** Llama's converter writes it as the width of rotary positions, which span a whole head there. */
function headDim(keys: ArchitectureKeys, { permuted }: Architecture): number | undefined {
  return keys.uniform('attention.key_length') ?? (permuted ? keys.number('rope.dimension_count') : undefined);
}

type OwnWords = (keys: ArchitectureKeys, has: (tensor: string) => boolean) => Record<string, unknown>;

const biases: OwnWords = (_, has) => ({
  attention_bias: has('blk.0.attn_q.bias') || undefined,
  mlp_bias: has('blk.0.ffn_gate.bias') || undefined,
});

const gemma =
  (layersOfTheLargest: number): OwnWords =>
  (keys) => ({
    // Of the 27B models alone it is not the width of a head; no key says so, and llama.cpp goes by the layers too.
    query_pre_attn_scalar:
      keys.number('block_count') === layersOfTheLargest
        ? keys.required('embedding_length') / keys.required('attention.head_count')
        : keys.uniform('attention.key_length'),
    sliding_window: keys.number('attention.sliding_window'),
    attn_logit_softcapping: keys.number('attn_logit_softcapping'),
    final_logit_softcapping: keys.number('final_logit_softcapping'),
  });

/** What an architecture's config.json has beside the words that all have. */
const OWN_WORDS: Readonly<Partial<Record<string, OwnWords>>> = {
  llama: biases,
  gemma2: gemma(46),
  gemma3: (keys, has) => ({ ...gemma(62)(keys, has), rope_local_base_freq: keys.number('rope.freq_base_swa') }),
  granite: (keys, has) => ({
    ...biases(keys, has),
    embedding_multiplier: keys.number('embedding_scale'),
    residual_multiplier: keys.number('residual_scale'),
    attention_multiplier: keys.number('attention.scale'),
    logits_scaling: keys.number('logit_scale'),
  }),
  olmo2: (keys) => ({ sliding_window: keys.number('attention.sliding_window') }),
  phi3: (keys) => {
    const width = keys.required('embedding_length') / keys.required('attention.head_count');
    return {
      sliding_window: keys.number('attention.sliding_window'),
      original_max_position_embeddings: keys.number('rope.scaling.original_context_length'),
      partial_rotary_factor: (keys.number('rope.dimension_count') ?? width) / width,
    };
  },
};

/**
 * The generation_config.json that stands for a GGUF file: a generation ends at the end of a sequence, of a turn or of a
 * message, whichever the file names.
 */
export function ggufGenerationConfig({ metadata }: Pick<GgufFile, 'metadata'>): Record<string, unknown> {
  const id = (name: string): number | undefined => metadata.number(`tokenizer.ggml.${name}_token_id`);
  const ends = [...new Set(['eos', 'eot', 'eom'].flatMap((name) => id(name) ?? []))];
  const config = {
    bos_token_id: id('bos'),
    eos_token_id: ends.length > 1 ? ends : ends[0],
    pad_token_id: id('padding'),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
