/** Llama (Touvron et al. 2023, arXiv 2302.13971) up to 3.3: no window, biases where asked. */
import { defineFamily } from './family';

export const llama = defineFamily({
  modelType: 'llama',
  architecture: 'LlamaForCausalLM',
  defaults: { maxPositionEmbeddings: 2048, bos: 1, eos: 2, pad: null },
  fields: {},
  decoder: (file) => ({
    qkvBias: file.attention_bias,
    outputBias: file.attention_bias,
    mlpBias: file.mlp_bias,
    slidingWindow: null,
  }),
  write: (config) => ({ attention_bias: config.qkvBias, mlp_bias: config.mlpBias }),
});
