/** Ministral 3 (2025): queries that grow with their position, as Llama 4's, over YaRN. */
import { z } from 'zod';
import { defineFamily } from './family';
import { ropeParameters } from './rope-words';
import { flatRope, type SharedWords } from './shared-words';
import { notNegative } from './words';

/** What transformers takes where config.json names no positions. */
const DEFAULT_ROPE = {
  rope_type: 'yarn',
  rope_theta: 1e6,
  factor: 16,
  original_max_position_embeddings: 16384,
  beta_fast: 32,
  beta_slow: 1,
  mscale: 1,
  mscale_all_dim: 1,
  llama_4_scaling_beta: 0.1,
};

const growthSchema = z.looseObject({ llama_4_scaling_beta: notNegative.nullish() });

export const ministral3 = defineFamily({
  modelType: 'ministral3',
  architecture: 'Ministral3ForCausalLM',
  defaults: {
    keyValueHeads: 8,
    headDim: 128,
    maxPositionEmbeddings: 262144,
    rmsNormEps: 1e-5,
    bos: 1,
    eos: 2,
    pad: 11,
  },
  fields: {},
  decoder(given) {
    const words = given.rope_scaling ?? given.rope_parameters ?? DEFAULT_ROPE;
    const file: SharedWords = { ...given, rope_scaling: null, rope_parameters: words };
    const { llama_4_scaling_beta: beta } = growthSchema.parse(words);
    const original = Number(words.original_max_position_embeddings ?? file.max_position_embeddings);
    return { rope: flatRope(file, 10_000), queryGrowth: beta ? { beta, original } : null };
  },
  write({ rope, queryGrowth }) {
    const parameters = { ...ropeParameters(rope), ...(queryGrowth && { llama_4_scaling_beta: queryGrowth.beta, original_max_position_embeddings: queryGrowth.original }) }; // prettier-ignore
    return { rope_parameters: parameters, rope_scaling: undefined };
  },
});
