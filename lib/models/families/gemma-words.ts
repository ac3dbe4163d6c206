/** What Gemma 2 and 3 have in common: norms on both sides, gains of 1 + weight, soft caps, scaled embeddings. */
import type { z } from 'zod';
import type { DecoderConfig, DecoderShape } from '../decoder-config';
import { layerTypesOf, type SharedWords } from './shared-words';
import { activation, flag, positive } from './words';

export const gemmaFields = (caps: { logits: number | null; scores: number | null }) => ({
  hidden_activation: activation.default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: positive.default(256),
  final_logit_softcapping: positive.nullable().default(caps.logits),
  attn_logit_softcapping: positive.nullable().default(caps.scores),
  use_bidirectional_attention: flag.refine((on) => !on, 'must be false: only causal attention is supported').nullish(),
});

type GemmaWords = SharedWords & z.output<z.ZodObject<ReturnType<typeof gemmaFields>>>;

export const gemmaShape = (file: GemmaWords) =>
  ({
    hiddenAct: file.hidden_activation,
    qkvBias: file.attention_bias,
    outputBias: file.attention_bias,
    normPlaces: 'both',
    normAddsOne: true,
    embeddingScale: Math.sqrt(file.hidden_size),
    attentionScale: 1 / Math.sqrt(file.query_pre_attn_scalar),
    logitSoftcap: file.final_logit_softcapping,
  }) satisfies Partial<DecoderShape>;

export const gemmaWords = (config: DecoderConfig): Record<string, unknown> => ({
  hidden_act: undefined,
  hidden_activation: config.hiddenAct,
  attention_bias: config.qkvBias,
  query_pre_attn_scalar: Math.round(1 / (config.attentionScale ?? config.headDim ** -0.5) ** 2),
  final_logit_softcapping: config.logitSoftcap,
  attn_logit_softcapping: config.attentionSoftcap,
  layer_types: layerTypesOf(config),
});
