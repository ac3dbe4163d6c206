/** Qwen 3 (Yang et al. 2025, arXiv 2505.09388): queries and keys normalised in each head. */
import { defineFamily } from './family';
import { windowFields, windowsOf, windowWords } from './qwen-windows';

export const qwen3 = defineFamily({
  modelType: 'qwen3',
  architecture: 'Qwen3ForCausalLM',
  defaults: {
    keyValueHeads: 32,
    headDim: 128,
    maxPositionEmbeddings: 32768,
    slidingWindow: 4096,
    bos: null,
    eos: null,
    pad: null,
  },
  fields: windowFields,
  decoder: (file) => ({
    qkNorm: 'head',
    qkvBias: file.attention_bias,
    outputBias: file.attention_bias,
    ...windowsOf(file),
  }),
  write: (config) => ({ attention_bias: config.qkvBias, ...windowWords(config) }),
});
