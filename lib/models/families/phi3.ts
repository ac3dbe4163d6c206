/** Phi-3 and 4 (Abdin et al. 2024, arXiv 2404.14219): one product for queries, keys and values, one for gate and up. */
import { defineFamily } from './family';
import type { RopeWords } from './rope-words';
import { flatRope } from './shared-words';
import { notNegative, size } from './words';

const noDropout = notNegative.max(0, 'must be 0: dropout of hidden states is not supported').default(0);

export const phi3 = defineFamily({
  modelType: 'phi3',
  architecture: 'Phi3ForCausalLM',
  defaults: { maxPositionEmbeddings: 4096, rmsNormEps: 1e-5, bos: 1, eos: 32000, pad: 32000 },
  fields: {
    original_max_position_embeddings: size.default(4096),
    resid_pdrop: noDropout,
    embd_pdrop: noDropout,
  },
  decoder(file) {
    const given = file.rope_scaling ?? file.rope_parameters;
    const rope = flatRope({ ...file, rope_scaling: given && { ...given, rope_type: typeOf(given) } }, 10_000);
    return { fusedProjections: true, rope };
  },
  write: ({ rope: { partialRotaryFactor, scaling } }) => ({
    partial_rotary_factor: partialRotaryFactor,
    original_max_position_embeddings: scaling?.type === 'longrope' ? scaling.originalMaxPositionEmbeddings : undefined,
  }),
});

/** Its first releases called LongRoPE "su" and "yarn". */
const typeOf = ({ rope_type, type }: RopeWords): string =>
  (rope_type ?? type ?? 'default').replace(/^(su|yarn)$/, 'longrope');
