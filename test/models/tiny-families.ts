/** A tiny model of every family, as test/parity/make_families.py configures them, with weights drawn from a seed. */
import { createModel, parseConfig, type LanguageModel } from '../../lib/models';
import { modelTypes } from '../../lib/models/families';
import { placed, torch } from '../device';
import { expected } from '../parity/expected';

export const FAMILIES: readonly string[] = modelTypes;

const cases = expected<{ type: string; config: Record<string, unknown> }[]>('families');

export function tinyOf(type: string): LanguageModel {
  const config = cases.find((one) => one.type === type)?.config;
  if (!config) throw new RangeError(`tinyOf: no configuration of '${type}'`);
  torch.manualSeed(1);
  return placed(createModel(parseConfig(config)))
    .requiresGrad_(false)
    .eval();
}
