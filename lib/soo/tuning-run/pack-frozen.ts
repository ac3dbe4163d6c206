/** Frozen weights in oneDNN's layout for the length of a run. */
import type { Mistral } from '../../models';
import { Linear } from '../../nn';
import type { TuningConfig } from './config';

/** Whether a module takes part in the run's loss: the MSE loss runs nothing after the layer that it reads. */
function takesPart(name: string, { loss, layer }: TuningConfig): boolean {
  const at = /^model\.layers\.(\d+)\.(\w+)/.exec(name);
  if (loss === 'kl' || layer === null) return true;
  return at !== null && (Number(at[1]) < layer || (Number(at[1]) === layer && at[2] === 'self_attn'));
}

/**
 * Packs every frozen Linear of the model that can be packed, for inputs of about `rows` rows, both ways.
 * @returns a function that undoes it
 */
export function packFrozen(model: Mistral, rows: number, config: TuningConfig): () => void {
  const packed: Linear[] = [];
  for (const [name, module] of model.namedModules()) {
    if (!(module instanceof Linear) || !takesPart(name, config)) continue;
    if (module.pack({ rows, backward: true })) packed.push(module);
  }
  return () => packed.forEach((module) => module.unpack());
}
