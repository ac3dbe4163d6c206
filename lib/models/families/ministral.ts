/** Ministral (2024): a window in some layers only. */
import { defineFamily } from './family';
import { layerTypesOf, slidingOf } from './shared-words';

export const ministral = defineFamily({
  modelType: 'ministral',
  architecture: 'MinistralForCausalLM',
  defaults: { keyValueHeads: 8, maxPositionEmbeddings: 131072, slidingWindow: 4096, bos: 1, eos: 2, pad: null },
  fields: {},
  decoder: (file) => ({ slidingLayers: file.layer_types ? slidingOf(file.layer_types) : null }),
  write: (config) => ({ layer_types: layerTypesOf(config) }),
});
