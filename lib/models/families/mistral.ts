/** Mistral (Jiang et al. 2023, arXiv 2310.06825): grouped queries, a gated MLP, norms before both, no biases. */
import { defineFamily } from './family';

export const mistral = defineFamily({
  modelType: 'mistral',
  architecture: 'MistralForCausalLM',
  defaults: { keyValueHeads: 8, maxPositionEmbeddings: 131072, slidingWindow: 4096, bos: 1, eos: 2, pad: null },
  fields: {},
  decoder: () => ({}),
  write: () => ({}),
});
