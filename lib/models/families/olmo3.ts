/** OLMo 3 (Allen Institute for AI 2025): OLMo 2 with a window in three layers of four, whose positions are not scaled. */
import { defineFamily } from './family';
import { nestedRopes, nestedRopeWords } from './nested-rope';
import { layerTypesOf, slidingOf } from './shared-words';

const THETA = 500_000;

export const olmo3 = defineFamily({
  modelType: 'olmo3',
  architecture: 'Olmo3ForCausalLM',
  defaults: { maxPositionEmbeddings: 2048, rmsNormEps: 1e-5, slidingWindow: 4096, bos: null, eos: 50279, pad: 1 },
  fields: {},
  decoder(file) {
    const { full, sliding } = nestedRopes(file, { full: file.rope_theta ?? THETA, sliding: THETA });
    const pattern = Array.from({ length: file.num_hidden_layers }, (_, layer) => (layer + 1) % 4 !== 0);
    return {
      normPlaces: 'after',
      qkNorm: 'all',
      qkvBias: file.attention_bias,
      outputBias: file.attention_bias,
      rope: full,
      slidingRope: sliding,
      slidingLayers: file.layer_types ? slidingOf(file.layer_types) : pattern,
    };
  },
  write: (config) => ({
    attention_bias: config.qkvBias,
    layer_types: layerTypesOf(config),
    ...nestedRopeWords(config),
  }),
});
