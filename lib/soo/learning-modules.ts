/** Which adapters a loss can teach: a loss that reads one layer ends the forward pass there. */
import { InputError } from '../files/input-error';
import { PeftModel, type LoraAdapter } from '../peft';
import type { LanguageModel } from '../models';
import { readsLayer, type FinetuneConfig } from './finetune-config';
import { pairDistance } from './losses';
import type { TokenPair } from './pairs';

/**
 * Takes a fresh adapter off the modules that the loss never reaches: they would get no gradient, and change nothing.
 * What was drawn for the others, and what is drawn next, is as if it were on all of them.
 * @returns the adapter on the modules that learn, and how many it was taken off
 * @throws InputError when none would learn
 */
export function onLearningModules(
  model: LanguageModel,
  adapter: LoraAdapter,
  { config, padId, pairs }: { config: FinetuneConfig; padId: number; pairs: readonly TokenPair[] },
): { adapter: LoraAdapter; unreached: number } {
  // The capability term reads the logits, and so does KL.
  const readsAll = !readsLayer(config.loss) || config.capability > 0 || config.overlap === 0;
  if (config.adapt === 'all' || readsAll || pairs.length === 0) return { adapter, unreached: 0 };
  const reached = new Set<string>();
  const hooks = [...adapter.layers].map(([at, layer]) => layer.registerForwardHook(() => void reached.add(at)));
  try {
    pairDistance(model, pairs.slice(0, 1), { config, padId });
  } finally {
    for (const hook of hooks) hook[Symbol.dispose]();
  }
  const unreached = [...adapter.layers.keys()].filter((at) => !reached.has(at));
  if (reached.size === 0)
    throw new InputError(`finetune: the loss reads layer ${config.layer} and reaches none of the target modules`);
  return { adapter: PeftModel.of(model).dropModules(adapter.name, unreached), unreached: unreached.length };
}
