/** Qwen 2 and 2.5 (Yang et al. 2024, arXiv 2407.10671): biases on queries, keys and values. */
import { defineFamily } from './family';
import { windowFields, windowsOf, windowWords } from './qwen-windows';

export const qwen2 = defineFamily({
  modelType: 'qwen2',
  architecture: 'Qwen2ForCausalLM',
  defaults: { keyValueHeads: 32, maxPositionEmbeddings: 32768, slidingWindow: 4096, bos: null, eos: null, pad: null },
  fields: windowFields,
  decoder: (file) => ({ qkvBias: true, ...windowsOf(file) }),
  write: windowWords,
});
