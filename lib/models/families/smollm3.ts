/** SmolLM 3 (Hugging Face 2025): Llama with every fourth layer blind to positions. */
import { z } from 'zod';
import { defineFamily } from './family';
import { layerTypesOf, slidingOf } from './shared-words';
import { flag, size, wanted } from './words';

export const smollm3 = defineFamily({
  modelType: 'smollm3',
  architecture: 'SmolLM3ForCausalLM',
  defaults: {
    keyValueHeads: 4,
    maxPositionEmbeddings: 32768,
    ropeTheta: 2e6,
    tied: true,
    bos: 128000,
    eos: 128001,
    pad: 128004,
  },
  fields: {
    /** 1 where a layer knows positions, 0 where it does not. */
    no_rope_layers: z.array(z.int(wanted('0 or 1')), wanted('a list')).nullish(),
    no_rope_layer_interval: size.default(4),
    use_sliding_window: flag.default(false),
  },
  decoder(file) {
    const every = file.no_rope_layer_interval;
    const pattern = Array.from({ length: file.num_hidden_layers }, (_, layer) => (layer + 1) % every !== 0);
    const ropeLayers = file.no_rope_layers?.slice(0, file.num_hidden_layers).map((flag) => flag !== 0) ?? pattern;
    const slides = file.use_sliding_window && file.sliding_window !== null;
    return {
      qkvBias: file.attention_bias,
      outputBias: file.attention_bias,
      mlpBias: file.mlp_bias,
      ropeLayers,
      slidingWindow: slides ? file.sliding_window : null,
      slidingLayers: slides
        ? file.layer_types
          ? slidingOf(file.layer_types)
          : ropeLayers.map((turns) => !turns)
        : null,
    };
  },
  write: (config) => ({
    attention_bias: config.qkvBias,
    mlp_bias: config.mlpBias,
    no_rope_layers: (config.ropeLayers ?? []).map(Number),
    use_sliding_window: config.slidingWindow !== null,
    layer_types: layerTypesOf(config),
  }),
});
