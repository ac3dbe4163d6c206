/** OLMo 2 (OLMo team 2024, arXiv 2501.00656): norms behind the blocks, queries and keys normalised over all heads. */
import { defineFamily } from './family';

export const olmo2 = defineFamily({
  modelType: 'olmo2',
  architecture: 'Olmo2ForCausalLM',
  defaults: { maxPositionEmbeddings: 2048, rmsNormEps: 1e-5, bos: null, eos: 50279, pad: 1 },
  fields: {},
  decoder: (file) => ({
    normPlaces: 'after',
    qkNorm: 'all',
    qkvBias: file.attention_bias,
    outputBias: file.attention_bias,
    slidingWindow: null,
  }),
  write: (config) => ({ attention_bias: config.qkvBias }),
});
