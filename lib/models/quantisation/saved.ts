/** A model with layers of four bits as it is saved. */
import type { Tensor } from '../../torch';
import { Linear, Linear4bit, type AnyModule } from '../../nn';
import { nf4Config } from './config';

export interface SavedFourBit {
  /** The pieces beside the codes, by the names of bitsandbytes. */
  state: Map<string, Tensor>;
  /** What config.json says of them. */
  config: Record<string, unknown>;
}

/** What layers of four bits add to the files of a model; undefined for a model without any. */
export function savedFourBit(model: AnyModule): SavedFourBit | undefined {
  const modules = model.namedModules();
  const layers = modules.flatMap(([at, module]) => (module instanceof Linear4bit ? [[at, module] as const] : []));
  if (layers.length === 0) return undefined;
  const state = new Map(
    layers.flatMap(([at, layer]) => layer.namedBuffers().map(([name, tensor]) => [`${at}.${name}`, tensor] as const)),
  );
  const whole = modules.flatMap(([at, module]) => (module instanceof Linear ? [at] : []));
  const double = layers.some(([, { fourBit }]) => fourBit.nested !== null);
  return { state, config: nf4Config({ double, skipped: whole }) };
}
