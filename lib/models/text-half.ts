/** Checkpoints of multimodal models: their text half is a decoder as any other, under longer names. */
import type { Weights } from '../checkpoints/sharded';

/** Where transformers 5 and releases before it put the text half, and what the decoder calls it. */
const PREFIXES: [wrapper: string, own: string][] = [
  ['model.language_model.', 'model.'],
  ['language_model.model.', 'model.'],
  ['language_model.lm_head.', 'lm_head.'],
];

/** The weights of the text half under the decoder's names; the weights as they are where nothing is wrapped. */
export function textHalfOf(weights: Weights): Weights {
  const wrapped = new Map(weights.names.flatMap((name) => renamed(name)));
  if (wrapped.size === 0) return weights;
  const bare = weights.names.filter((name) => name.startsWith('lm_head.'));
  const stored = new Map([...bare.map((name) => [name, name] as const), ...wrapped]);
  const storedAs = (name: string): string => stored.get(name) ?? name;
  return {
    names: [...stored.keys()],
    info: (name) => weights.info(storedAs(name)),
    fileOf: (name) => weights.fileOf(storedAs(name)),
    tensor: (name) => weights.tensor(storedAs(name)),
    dispose: () => weights.dispose(),
  };
}

function renamed(name: string): [own: string, stored: string][] {
  const prefix = PREFIXES.find(([wrapper]) => name.startsWith(wrapper));
  return prefix ? [[prefix[1] + name.slice(prefix[0].length), name]] : [];
}
