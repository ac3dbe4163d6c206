/** Gemma 3, its text half (Gemma team 2025, arXiv 2503.19786): a window in five layers of six, with positions of their own. */
import { defineFamily } from './family';
import { gemmaFields, gemmaShape, gemmaWords } from './gemma-words';
import { nestedRopes, nestedRopeWords } from './nested-rope';
import { slidingOf } from './shared-words';
import { positive, size } from './words';

export const gemma3 = defineFamily({
  modelType: 'gemma3_text',
  architecture: 'Gemma3ForCausalLM',
  defaults: {
    keyValueHeads: 4,
    headDim: 256,
    maxPositionEmbeddings: 131072,
    slidingWindow: 4096,
    tied: true,
    bos: 2,
    eos: 1,
    pad: 0,
  },
  fields: {
    // transformers reads a cap on scores and applies none.
    ...gemmaFields({ logits: null, scores: null }),
    rope_local_base_freq: positive.nullish(),
    sliding_window_pattern: size.default(6),
  },
  decoder(file) {
    const thetas = { full: file.rope_theta ?? 1e6, sliding: file.rope_local_base_freq ?? 1e4 };
    const { full, sliding } = nestedRopes(file, thetas);
    const every = file.sliding_window_pattern;
    const pattern = Array.from({ length: file.num_hidden_layers }, (_, layer) => (layer + 1) % every !== 0);
    return {
      ...gemmaShape(file),
      qkNorm: 'head',
      rope: full,
      slidingRope: sliding,
      slidingLayers: file.layer_types ? slidingOf(file.layer_types) : pattern,
    };
  },
  write: (config) => ({ ...gemmaWords(config), ...nestedRopeWords(config) }),
});
