import { join } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../checkpoints/input-error';
import { checkShape, readJsonFile } from '../checkpoints/json-file';
import type { TargetModules } from './target-modules';

export interface LoraConfig {
  /** Rank of the addition. */
  r: number;
  /** The addition is scaled by alpha / r. */
  alpha: number;
  /** Probability with which inputs of A are zeroed in training; default 0. */
  dropout?: number;
  targetModules: TargetModules;
}

const FILE = 'adapter_config.json';
const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});

const fileSchema = z.looseObject(
  {
    peft_type: z.literal('LORA', wanted('"LORA"')),
    r: z.int(wanted('a whole number')).min(1, wanted('1 or more')).max(65_536, wanted('65536 or less')),
    lora_alpha: z.number(wanted('a number')),
    lora_dropout: z.number(wanted('a number')).min(0, wanted('from 0 to 1')).max(1, wanted('from 0 to 1')).default(0),
    target_modules: z.union(
      [z.string(), z.array(z.string()).min(1)],
      wanted('a list of module names or a regular expression'),
    ),
  },
  wanted('an object'),
);

/** What each setting must be for the adapter to mean what this implementation computes; absent and null are fine. */
const SUPPORTED: Record<string, readonly unknown[]> = {
  bias: ['none'],
  fan_in_fan_out: [false],
  use_dora: [false],
  use_rslora: [false],
  use_qalora: [false],
  use_bdlora: [false],
  lora_bias: [false],
  // Other initialisations change the base's weights too, so that A and B alone do not make the adapter.
  init_lora_weights: [true, false, 'gaussian', 'eva', 'orthogonal'],
};

/** Settings that must be absent, null or empty. */
const UNSUPPORTED = [
  'modules_to_save',
  'layers_to_transform',
  'layers_pattern',
  'exclude_modules',
  'rank_pattern',
  'alpha_pattern',
  'layer_replication',
  'target_parameters',
  'trainable_token_indices',
  'alora_invocation_tokens',
  'arrow_config',
  'kasa_config',
  'velora_config',
  'monteclora_config',
];

/**
 * Reads and checks the adapter_config.json of a PEFT folder.
 * @throws InputError that names the setting, for anything that would change what the adapter computes.
 */
export function readLoraConfig(folder: string): LoraConfig {
  return parseLoraConfig(readJsonFile(join(folder, FILE), { uniqueKeys: true }));
}

/** Checks a parsed adapter_config.json. */
export function parseLoraConfig(json: unknown): LoraConfig {
  const file = checkShape(fileSchema, json, FILE);
  for (const [key, allowed] of Object.entries(SUPPORTED)) {
    const value = file[key] ?? null;
    if (value !== null && !allowed.includes(value))
      throw new InputError(`${FILE}: ${key} ${shown(value)} is not supported`);
  }
  for (const key of UNSUPPORTED) {
    const value = file[key] ?? null;
    const isEmpty = value === null || (typeof value === 'object' && Object.keys(value).length === 0);
    if (!isEmpty) throw new InputError(`${FILE}: ${key} ${shown(value)} is not supported`);
  }
  return { r: file.r, alpha: file.lora_alpha, dropout: file.lora_dropout, targetModules: file.target_modules };
}

/** The adapter_config.json that Python's PEFT reads. */
export function loraConfigJson(config: LoraConfig, baseModel: string | null): Record<string, unknown> {
  return {
    base_model_name_or_path: baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout ?? 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.r,
    target_modules: config.targetModules,
    task_type: 'CAUSAL_LM',
  };
}
