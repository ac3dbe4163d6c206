/** Granite 3 (IBM 2024): Llama with scales on embeddings, scores, residuals and logits. */
import { defineFamily } from './family';
import { positive } from './words';

export const granite = defineFamily({
  modelType: 'granite',
  architecture: 'GraniteForCausalLM',
  defaults: { maxPositionEmbeddings: 2048, bos: 1, eos: 2, pad: null },
  fields: {
    embedding_multiplier: positive.default(1),
    logits_scaling: positive.default(1),
    residual_multiplier: positive.default(1),
    attention_multiplier: positive.default(1),
  },
  decoder: (file) => ({
    qkvBias: file.attention_bias,
    outputBias: file.attention_bias,
    mlpBias: file.mlp_bias,
    embeddingScale: file.embedding_multiplier,
    attentionScale: file.attention_multiplier,
    residualScale: file.residual_multiplier,
    logitDivisor: file.logits_scaling,
    slidingWindow: null,
  }),
  write: (config) => ({
    attention_bias: config.qkvBias,
    mlp_bias: config.mlpBias,
    embedding_multiplier: config.embeddingScale,
    attention_multiplier: config.attentionScale ?? config.headDim ** -0.5,
    residual_multiplier: config.residualScale,
    logits_scaling: config.logitDivisor,
  }),
});
