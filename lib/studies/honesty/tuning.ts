/** The settings that an arm is tuned with: a preset, the file's, and the arm's own. */
import { InputError } from '../../files/input-error';
import { CLEAN, finetuneConfigSchema, paperLayer, readsLayer, UPSTREAM, type FinetuneConfig } from '../../soo';
import { checkShape } from '../../files/json-file';
import type { FinetuneOverrides, Study, StudyArm } from './study-file';

const PRESETS = { clean: CLEAN, upstream: UPSTREAM } as const;

/**
 * @param layers of the model
 * @param pairs of the study: with a limit on steps there are epochs enough to reach it
 * @throws InputError for a layer that the model does not have, and settings that do not go together
 */
export function finetuneOf(
  { tuning }: Pick<Study, 'tuning'>,
  arm: StudyArm,
  { layers, pairs }: { layers: number; pairs: number },
): FinetuneConfig {
  const config = [tuning.finetune, arm.finetune].reduce<FinetuneConfig>(withOverrides, PRESETS[tuning.preset]);
  if (readsLayer(config.loss)) config.layer ??= paperLayer(layers);
  if (config.layer !== null && config.layer >= layers)
    throw new InputError(`arm ${arm.name}: layer ${config.layer}, and the model has layers 0 to ${layers - 1}`);
  if (config.maxSteps !== null) config.epochs = epochsFor(config.maxSteps, config, pairs);
  return checkShape(finetuneConfigSchema, config, `arm ${arm.name}`);
}

function withOverrides(config: FinetuneConfig, { lora, ...others }: FinetuneOverrides): FinetuneConfig {
  return { ...config, ...others, lora: { ...config.lora, ...lora } };
}

function epochsFor(steps: number, config: FinetuneConfig, pairs: number): number {
  const perEpoch = Math.ceil(pairs / config.batch) / config.accumulate;
  return Math.ceil(steps / (config.dropLeftover ? Math.max(1, Math.floor(perEpoch)) : perEpoch));
}
