/** Mistral (Jiang et al. 2023, arXiv 2310.06825): grouped queries, a gated MLP, norms before both, no biases. */
import { z } from 'zod';
import { InputError, shown } from '../../files/input-error';
import { checkShape } from '../../files/json-file';
import { completeConfig, CONFIG_FILE } from '../decoder-config';
import {
  flag,
  notNegative,
  padTokenId,
  positive,
  ropeSchema,
  sharedFields,
  size,
  tokenId,
  tokenIds,
  wanted,
  type Family,
} from './family';

const MODEL_TYPE = 'mistral';

const schema = z.looseObject(
  {
    ...sharedFields,
    // Absent and null differ in transformers: absent means its default.
    num_key_value_heads: size.nullable().default(8),
    head_dim: size.nullish(),
    // One function under two names.
    hidden_act: z.enum(['silu', 'swish'], wanted('"silu"')).default('silu'),
    max_position_embeddings: size.default(131072),
    initializer_range: notNegative.default(0.02),
    rms_norm_eps: notNegative.default(1e-6),
    tie_word_embeddings: flag.default(false),
    rope_theta: positive.nullish(),
    rope_parameters: ropeSchema.nullish(),
    rope_scaling: ropeSchema.nullish(),
    sliding_window: size.nullable().default(4096),
    attention_dropout: notNegative.default(0),
    bos_token_id: tokenId.nullable().default(1),
    eos_token_id: tokenIds.nullable().default(2),
    pad_token_id: padTokenId,
  },
  wanted('an object'),
);

export const mistral: Family = {
  modelType: MODEL_TYPE,

  parse(json) {
    const file = checkShape(schema, json, CONFIG_FILE);
    for (const rope of [file.rope_scaling, file.rope_parameters])
      refuseOtherRope(rope?.rope_type ?? rope?.type ?? 'default');
    refuseOtherArchitectures(file.architectures ?? []);
    return completeConfig({
      modelType: MODEL_TYPE,
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
      ropeTheta: file.rope_parameters?.rope_theta ?? file.rope_scaling?.rope_theta ?? file.rope_theta ?? 10000,
      slidingWindow: file.sliding_window,
      tieWordEmbeddings: file.tie_word_embeddings,
      dtype: file.dtype ?? file.torch_dtype ?? undefined,
      bosTokenId: file.bos_token_id,
      eosTokenIds: [file.eos_token_id ?? []].flat(),
      padTokenId: file.pad_token_id ?? null,
      attentionDropout: file.attention_dropout,
    });
  },

  write(config, dtype) {
    return {
      architectures: ['MistralForCausalLM'],
      attention_dropout: config.attentionDropout,
      bos_token_id: config.bosTokenId,
      dtype,
      eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
      head_dim: config.headDim,
      hidden_act: 'silu',
      hidden_size: config.hiddenSize,
      initializer_range: config.initializerRange,
      intermediate_size: config.intermediateSize,
      max_position_embeddings: config.maxPositionEmbeddings,
      model_type: MODEL_TYPE,
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
  },
};

/** Embedding and reward models have the same layers and another head, or none. */
function refuseOtherArchitectures(names: readonly string[]): void {
  if (names.length > 0 && !names.some((name) => name.endsWith('ForCausalLM'))) {
    throw new InputError(`${CONFIG_FILE}: architectures is ${shown(names)}; only MistralForCausalLM is supported`);
  }
}

function refuseOtherRope(type: string): void {
  if (type !== 'default') {
    throw new InputError(`${CONFIG_FILE}: rope_type is ${shown(type)}; only "default" is supported`);
  }
}
