/** The flags of `soo finetune`: names for the settings that the library states with their meaning and range. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { LanguageModel } from '../models';
import {
  CLEAN,
  finetuneSettings,
  isRisky,
  loraSettings,
  paperLayer,
  readsLayer,
  RISK,
  UPSTREAM,
  type FinetuneConfig,
} from '../soo';
import { shown } from '../files/input-error';
import { checked, InputError } from './command';

const PRESETS = { upstream: UPSTREAM } as const;

/** Flags by setting; what they mean, take and default to is the library's. */
const FLAGS = {
  loss: '--loss <name>',
  layer: '--layer <n>',
  positions: '--positions <which>',
  numbering: '--numbering <which>',
  detachSelf: '--detach-self',
  overlap: '--overlap <weight>',
  overlapUnit: '--overlap-unit <x>',
  capability: '--capability <weight>',
  variance: '--variance <weight>',
  contrast: '--contrast <weight>',
  nameControl: '--name-control <weight>',
  documentsPerBatch: '--documents-per-batch <n>',
  epochs: '--epochs <n>',
  maxSteps: '--max-steps <n>',
  leastEpochs: '--least-epochs <n>',
  untilShare: '--until-share <share>',
  untilDistance: '--until-distance <x>',
  measureDistance: '--measure-distance',
  batch: '--batch <n>',
  microBatch: '--micro-batch <n>',
  accumulate: '--accumulate <n>',
  optimizer: '--optimizer <name>',
  lr: '--lr <rate>',
  weightDecay: '--weight-decay <rate>',
  schedule: '--schedule <name>',
  warmupSteps: '--warmup <n>',
  maxGradNorm: '--max-grad-norm <x>',
  seed: '--seed <n>',
  pad: '--pad <width>',
  adapt: '--adapt <which>',
  autocast: '--autocast <bf16|fp16>',
  gradientCheckpointing: '--gradient-checkpointing',
  heldOut: '--held-out <pairs>',
  monitorEvery: '--monitor-every <steps>',
  stopOnCollapse: '--stop-on-collapse',
} as const satisfies Partial<Record<keyof FinetuneConfig, string>>;

const LORA_FLAGS = {
  dropout: '--dropout <p>',
  r: '--rank <r>',
  alpha: '--alpha <a>',
  targetModules: '--target-modules <names>',
} as const satisfies Partial<Record<keyof FinetuneConfig['lora'], string>>;

/** What an adapter that is trained on has of its own. */
const ADAPTERS_OWN = {
  '--rank': LORA_FLAGS.r,
  '--alpha': LORA_FLAGS.alpha,
  '--target-modules': LORA_FLAGS.targetModules,
};

/** Names that Python's tools have for dtypes. */
const SHORT_DTYPES: Readonly<Record<string, string>> = { bf16: 'bfloat16', fp16: 'float16' };

/** What is said of a default that is not a plain value. */
const DEFAULT_TEXTS: Readonly<Record<string, string>> = {
  layer: '19/32 of the way up',
  microBatch: 'the batch as a whole',
  targetModules: 'q_proj,v_proj',
};

const filesSchema = z.object({
  pairs: z.string(),
  adapter: z.string().optional(),
  out: z.string().min(1),
  preset: z.enum(['upstream']).optional(),
  neutral: z.string().optional(),
  shuffle: z.boolean().default(true),
  resume: z.boolean().default(false),
  force: z.boolean().default(false),
});

const attributeOf = (flags: string): string => new Option(flags).attributeName();
const partialOf = (settings: z.ZodRawShape, flags: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [attributeOf(flag), (settings[name] as z.ZodType).optional()]),
  );

const optionsSchema = filesSchema.and(
  z.object({ ...partialOf(finetuneSettings, FLAGS), ...partialOf(loraSettings, LORA_FLAGS) }),
);
export type FinetuneFlags = z.infer<typeof filesSchema> & Readonly<Record<string, unknown>>;

const numberText = (value: number): string => (value > 0 && value < 1e-3 ? value.toExponential() : String(value));

/** The option of one setting: its values are those of the schema. */
function optionOf(name: string, flags: string, setting: z.ZodType, fallback: unknown): Option {
  const shown = DEFAULT_TEXTS[name] ?? (typeof fallback === 'number' ? numberText(fallback) : fallback);
  const isPlain = typeof shown === 'string' && !setting.description?.includes('(default');
  const option = new Option(flags, `${setting.description ?? ''}${isPlain ? ` (default: ${shown})` : ''}`);
  if (!flags.includes('<')) return option;
  if (setting instanceof z.ZodEnum) return option.choices(setting.options.map(String));
  return option.argParser((text: string): unknown => {
    const named = name === 'autocast' ? (SHORT_DTYPES[text] ?? text) : text;
    const value = named.trim() !== '' && Number.isFinite(Number(named)) ? Number(named) : named;
    const parsed = setting.safeParse(value);
    if (!parsed.success) throw new InvalidArgumentError(`${parsed.error.issues[0]?.message ?? 'It does not fit'}.`);
    return parsed.data;
  });
}

export function addFinetuneOptions(command: Command): void {
  command
    .requiredOption('--pairs <file>', "JSON list of [self, other], or upstream's pickle")
    .requiredOption('--out <dir>', 'folder for the adapter (PEFT format), run.json, steps.jsonl and TensorBoard files')
    .addOption(new Option('--preset <name>', "upstream: with every quirk of the paper's code").choices(['upstream']))
    .option('--neutral <file>', 'JSON list of neutral texts');
  addSettingFlags(command, []);
  command
    .option('--no-shuffle', "keep the pairs in the file's order")
    .option('--resume', 'continue the run in --out, to the same bits; start one if there is none');
}

/** The flags of the settings themselves. @param leftOut settings that the command decides by itself */
export function addSettingFlags(command: Command, leftOut: readonly (keyof typeof FLAGS)[]): void {
  for (const [name, flags] of Object.entries(FLAGS)) {
    const key = name as keyof typeof FLAGS;
    if (leftOut.includes(key)) continue;
    const option = optionOf(name, flags, finetuneSettings[key], CLEAN[key]);
    command.addOption(key === 'maxSteps' ? option.conflicts('epochs') : option);
  }
  for (const [name, flags] of Object.entries(LORA_FLAGS)) {
    const key = name as keyof typeof LORA_FLAGS;
    command.addOption(optionOf(name, flags, loraSettings[key], CLEAN.lora[key]));
  }
  command.option('--force', 'tune with --detach-self and no capability term all the same');
}

export const checkedFlags = (given: unknown): FinetuneFlags => checked(optionsSchema, given);

/** Of the settings that have a flag, those that were given on the command line. */
const givenOf = (flags: Readonly<Record<string, string>>, options: FinetuneFlags): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(flags)
      .map(([name, flag]) => [name, options[attributeOf(flag)]] as const)
      .filter(([, value]) => value !== undefined),
  );

/**
 * The preset or the defaults, with what was said on the command line.
 * @throws InputError for a layer that the model does not have, and for options that do not go together
 */
export function configOf(options: FinetuneFlags, { config: shape }: LanguageModel, pairs: number): FinetuneConfig {
  const base = options.preset === undefined ? CLEAN : PRESETS[options.preset];
  const lora = { ...base.lora, ...givenOf(LORA_FLAGS, options) };
  if (typeof lora.targetModules === 'string') lora.targetModules = targetsOf(lora.targetModules);
  for (const [flag, value] of Object.entries(givenOf(ADAPTERS_OWN, options))) {
    if (options.adapter !== undefined)
      throw new InputError(`${flag} ${shown(value)}: the adapter of --adapter has its own`);
  }
  const config: FinetuneConfig = { ...base, ...givenOf(FLAGS, options), shuffle: options.shuffle, lora };
  if (config.layer !== null && !readsLayer(config.loss))
    throw new InputError('--layer: only the mse loss reads a layer');
  if (config.capability > 0 && options.neutral === undefined) {
    throw new InputError('--capability: needs neutral texts: add --neutral FILE');
  }
  if (isRisky(config) && !options.force) {
    throw new InputError(`--detach-self ${RISK}; add --capability WEIGHT --neutral FILE, or --force`);
  }
  if (config.overlap === 0 && config.capability === 0) {
    throw new InputError('--overlap 0: leaves nothing to minimise; give --capability a weight');
  }
  if (readsLayer(config.loss)) config.layer = layerOf(config, shape.numHiddenLayers);
  return config.maxSteps === null ? config : { ...config, epochs: enoughEpochs(config, pairs) };
}

function layerOf({ layer }: FinetuneConfig, layers: number): number {
  const wanted = layer ?? paperLayer(layers);
  if (wanted >= layers) throw new InputError(`--layer ${wanted}: the model has layers 0 to ${layers - 1}`);
  return wanted;
}

const targetsOf = (text: string): FinetuneConfig['lora']['targetModules'] =>
  /^\s*[\w.]+(\s*,\s*[\w.]+)*\s*$/.test(text) ? text.split(',').map((name) => name.trim()) : text;

/** Epochs within which a limit on steps is reached. */
function enoughEpochs({ batch, accumulate, dropLeftover, maxSteps }: FinetuneConfig, pairs: number): number {
  const perEpoch = Math.ceil(pairs / batch);
  const steps = dropLeftover ? Math.floor(perEpoch / accumulate) : perEpoch / accumulate;
  if (steps === 0) {
    throw new InputError(
      `--accumulate ${accumulate}: an epoch has ${perEpoch} batches, so upstream's loop never takes a step`,
    );
  }
  return Math.ceil((maxSteps ?? 0) / steps);
}
