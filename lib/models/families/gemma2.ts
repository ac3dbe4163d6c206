/** Gemma 2 (Gemma team 2024, arXiv 2408.00118): soft caps on scores and logits, a window in every other layer. */
import { defineFamily } from './family';
import { gemmaFields, gemmaShape, gemmaWords } from './gemma-words';
import { slidingOf } from './shared-words';

export const gemma2 = defineFamily({
  modelType: 'gemma2',
  architecture: 'Gemma2ForCausalLM',
  defaults: {
    keyValueHeads: 4,
    headDim: 256,
    maxPositionEmbeddings: 8192,
    slidingWindow: 4096,
    tied: true,
    bos: 2,
    eos: 1,
    pad: 0,
  },
  fields: gemmaFields({ logits: 30, scores: 50 }),
  decoder: (file) => ({
    ...gemmaShape(file),
    attentionSoftcap: file.attn_logit_softcapping,
    slidingLayers: file.layer_types
      ? slidingOf(file.layer_types)
      : Array.from({ length: file.num_hidden_layers }, (_, layer) => layer % 2 === 0),
  }),
  write: gemmaWords,
});
