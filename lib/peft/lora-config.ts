import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, shown } from '../files/input-error';
import { checkShape, readJsonFile } from '../files/json-file';
import type { LoraShape } from './lora-layer';
import { patternFinder, type TargetChoice } from './target-modules';

/** PEFT's `LoraConfig`, as far as it is supported. */
export interface LoraConfig extends TargetChoice {
  /** Rank of the addition. */
  r: number;
  /** The addition is scaled by alpha / r. */
  alpha: number;
  /** Probability with which inputs of A are zeroed in training; default 0. */
  dropout?: number;
  /**
   * Ranks of single modules instead of `r`: regular expressions for the end of the dotted name, behind a dot. The first
   * that matches counts. `{ 'layers.0.self_attn.q_proj': 16, '(k|v)_proj': 4 }`
   */
  rankPattern?: Readonly<Record<string, number>>;
  /** The same instead of `alpha`. */
  alphaPattern?: Readonly<Record<string, number>>;
  /** Rank-stabilised (Kalajdzievski 2023): the addition is scaled by alpha / sqrt(r). Default false. */
  useRslora?: boolean;
}

const FILE = 'adapter_config.json';
const wanted = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${shown(issue.input)}`,
});

const rank = z.int(wanted('a whole number')).min(1, wanted('1 or more')).max(65_536, wanted('65536 or less'));
const alpha = z.number(wanted('a number'));
const layer = z.int(wanted('a whole number'));
const flag = z.boolean(wanted('true or false')).nullish();
const patterns = (value: z.ZodNumber | z.ZodInt) =>
  z.record(z.string(), value, wanted('an object of patterns')).nullish();
const namesOrPattern = z.union([z.string(), z.array(z.string())], wanted('a list of names or a regular expression'));

const fileSchema = z.looseObject(
  {
    peft_type: z.literal('LORA', wanted('"LORA"')),
    r: rank,
    lora_alpha: alpha,
    lora_dropout: z.number(wanted('a number')).min(0, wanted('from 0 to 1')).max(1, wanted('from 0 to 1')).default(0),
    target_modules: z.union(
      [z.string(), z.array(z.string())],
      wanted('a list of module names or a regular expression'),
    ),
    exclude_modules: namesOrPattern.nullish(),
    layers_to_transform: z.union([layer, z.array(layer)], wanted('a layer or a list of layers')).nullish(),
    layers_pattern: namesOrPattern.nullish(),
    rank_pattern: patterns(rank),
    alpha_pattern: patterns(alpha),
    use_rslora: flag,
  },
  wanted('an object'),
);

/** What each setting must be for the adapter to mean what this implementation computes; absent and null are fine. */
const SUPPORTED: Record<string, readonly unknown[]> = {
  bias: ['none'],
  fan_in_fan_out: [false],
  lora_bias: [false],
  ensure_weight_tying: [false],
  // Other initialisations change the base's weights too, so that A and B alone do not make the adapter.
  init_lora_weights: [true, false, 'gaussian', 'eva', 'orthogonal'],
};

/** Settings that must be absent, null, false or empty. */
const UNSUPPORTED = [
  'modules_to_save',
  'layer_replication',
  'target_parameters',
  'trainable_token_indices',
  'alora_invocation_tokens',
];

/** Variants have settings of this form, and so will those to come. */
const VARIANT = /^use_\w+$|_config$/;
/** The exceptions: what is supported, and how an initialisation or a machine was set, which changes no result. */
const NO_VARIANTS = [
  'use_rslora',
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
  'megatron_config',
  'runtime_config',
];

/**
 * Reads and checks the adapter_config.json of a PEFT folder.
 * @throws InputError that names the setting, for anything that would change what the adapter computes.
 */
export function readLoraConfig(folder: string): LoraConfig {
  if (!existsSync(join(folder, FILE)) && existsSync(folder)) {
    const named = readdirSync(folder).find((name) => existsSync(join(folder, name, FILE)));
    if (named !== undefined)
      throw new InputError(`${FILE}: no such file in ${folder}, but in its folder ${shown(named)}`);
  }
  return parseLoraConfig(readJsonFile(join(folder, FILE), { uniqueKeys: true }));
}

/** Checks a parsed adapter_config.json. */
export function parseLoraConfig(json: unknown): LoraConfig {
  const file = checkShape(fileSchema, json, FILE);
  for (const [key, value] of Object.entries(file)) {
    const supported = Object.hasOwn(SUPPORTED, key) ? SUPPORTED[key] : undefined;
    const isFine = supported?.includes(value) ?? (!mustBeEmpty(key) || isEmpty(value));
    if (!isFine && value !== null) throw new InputError(`${FILE}: ${key} ${shown(value)} is not supported`);
  }
  return {
    r: file.r,
    alpha: file.lora_alpha,
    dropout: file.lora_dropout,
    targetModules: file.target_modules,
    ...given('excludeModules', file.exclude_modules),
    ...given('layersToTransform', file.layers_to_transform),
    ...given('layersPattern', file.layers_pattern),
    ...given('rankPattern', file.rank_pattern),
    ...given('alphaPattern', file.alpha_pattern),
    ...(file.use_rslora ? { useRslora: true } : {}),
  };
}

const mustBeEmpty = (key: string): boolean =>
  UNSUPPORTED.includes(key) || (VARIANT.test(key) && !NO_VARIANTS.includes(key));

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === undefined || value === false || value === '';
}

/** A setting that says something, as a property to spread. */
function given<K extends keyof LoraConfig, V>(key: K, value: V): { [P in K]?: NonNullable<V> } {
  return isEmpty(value) ? {} : ({ [key]: value } as { [P in K]: NonNullable<V> });
}

/** The same config, in which modules of those whole names get no adapter either. */
export function excluding(config: LoraConfig, names: readonly string[]): LoraConfig {
  const { excludeModules = [] } = config;
  if (names.length === 0) return config;
  if (typeof excludeModules !== 'string') return { ...config, excludeModules: [...excludeModules, ...names] };
  const patterns = names.map((name) => name.replace(/\W/g, '\\$&'));
  return { ...config, excludeModules: [`(?:${excludeModules})`, ...patterns].join('|') };
}

/** The adapter_config.json that Python's PEFT reads. */
export function loraConfigJson(
  config: LoraConfig,
  { baseModel = null, baseRevision }: { baseModel?: string | null; baseRevision?: string },
): Record<string, unknown> {
  return {
    alpha_pattern: config.alphaPattern ?? {},
    base_model_name_or_path: baseModel,
    bias: 'none',
    exclude_modules: config.excludeModules ?? null,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: config.layersPattern ?? null,
    layers_to_transform: config.layersToTransform ?? null,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout ?? 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: config.rankPattern ?? {},
    ...(baseRevision !== undefined && { revision: baseRevision }),
    target_modules: config.targetModules,
    task_type: 'CAUSAL_LM',
    use_rslora: config.useRslora ?? false,
  };
}

/**
 * The shapes that an adapter has on the modules of those names.
 * @throws InputError for a rank that is none
 */
export function loraShapes(config: LoraConfig, names: readonly string[]): LoraShape[] {
  const { rankPattern = {}, alphaPattern = {}, dropout = 0 } = config;
  const rankKey = patternFinder(Object.keys(rankPattern), 'rank_pattern');
  const alphaKey = patternFinder(Object.keys(alphaPattern), 'alpha_pattern');
  return names.map((name) => {
    const [forRank, forAlpha] = [rankKey(name), alphaKey(name)];
    const r = forRank === undefined ? config.r : rankPattern[forRank];
    const alpha = forAlpha === undefined ? config.alpha : alphaPattern[forAlpha];
    if (!Number.isSafeInteger(r) || r < 1) {
      const which = forRank === undefined ? 'r' : `rank_pattern ${shown(forRank)}`;
      throw new InputError(`LoRA: ${which} must be a whole number of 1 or more, got ${r}`);
    }
    if (!Number.isFinite(alpha)) throw new InputError(`LoRA: alpha must be a number, got ${alpha}`);
    return { r, scaling: config.useRslora ? alpha / Math.sqrt(r) : alpha / r, dropout };
  });
}

/**
 * Checks that every pattern of a fresh adapter says something about it; one read from a file may be for other modules.
 * @throws InputError that names the pattern
 */
export function requirePatternsUsed({ rankPattern, alphaPattern }: LoraConfig, names: readonly string[]): void {
  for (const [setting, patterns] of Object.entries({ rank_pattern: rankPattern, alpha_pattern: alphaPattern })) {
    for (const pattern of Object.keys(patterns ?? {})) {
      if (!names.some(patternFinder([pattern], setting)))
        throw new InputError(`LoRA: ${setting} ${shown(pattern)} matches no target module`);
    }
  }
}
