/** The windows of Qwen: off unless switched on, and then in the upper layers. */
import type { DecoderConfig } from '../decoder-config';
import { layerTypesOf, slidingOf, type SharedWords } from './shared-words';
import { flag, notNegative } from './words';

export const windowFields = {
  use_sliding_window: flag.default(false),
  /** Layers from this one on have the window. */
  max_window_layers: notNegative.default(28),
};

type WindowWords = SharedWords & { use_sliding_window: boolean; max_window_layers: number };

export function windowsOf(file: WindowWords): Pick<DecoderConfig, 'slidingWindow' | 'slidingLayers'> {
  if (!file.use_sliding_window || file.sliding_window === null) return { slidingWindow: null, slidingLayers: null };
  const above = Array.from({ length: file.num_hidden_layers }, (_, layer) => layer >= file.max_window_layers);
  return { slidingWindow: file.sliding_window, slidingLayers: file.layer_types ? slidingOf(file.layer_types) : above };
}

export const windowWords = (config: DecoderConfig): Record<string, unknown> => ({
  use_sliding_window: config.slidingWindow !== null,
  layer_types: layerTypesOf(config),
});
