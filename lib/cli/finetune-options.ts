/** The options of `soo finetune`, and the configuration that they make. */
import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { LanguageModel } from '../models';
import { UPSTREAM, type TuningConfig } from '../soo';
import { checked, InputError } from './command';
import { decimal, integer } from './options';

/** Without the preset nothing is padded to a width of its own, and no batch is dropped. */
const DEFAULTS: TuningConfig = { ...UPSTREAM, pad: 'longest', dropLeftover: false };

/** The paper's layer, 19 of 32: late-middle. */
const PAPER_LAYER = 19 / 32;

const positive = z.number().optional();
const optionsSchema = z.object({
  pairs: z.string(),
  out: z.string().min(1),
  preset: z.enum(['upstream']).optional(),
  loss: z.enum(['kl', 'mse']).optional(),
  layer: positive,
  positions: z.enum(['all', 'real', 'last', 'differing']).optional(),
  detachSelf: z.boolean().optional(),
  capability: positive,
  neutral: z.string().optional(),
  epochs: positive,
  maxSteps: positive,
  batch: positive,
  accumulate: positive,
  lr: positive,
  weightDecay: positive,
  schedule: z.enum(['constant', 'linear', 'cosine']).optional(),
  warmup: positive,
  maxGradNorm: positive,
  dropout: positive,
  rank: positive,
  alpha: positive,
  targetModules: z.string().optional(),
  seed: positive,
  gradientCheckpointing: z.boolean().optional(),
  pad: z.union([z.number(), z.literal('longest')]).optional(),
  shuffle: z.boolean().default(true),
  resume: z.boolean().default(false),
});
export type TuningOptions = z.infer<typeof optionsSchema>;

const whole = (min: number) => integer({ min, max: 1e9 });
const choice = (flags: string, text: string, choices: string[]) => new Option(flags, text).choices(choices);
const padWidth = (text: string): number | 'longest' =>
  text === 'longest' ? text : integer({ min: 1, max: 2 ** 20 })(text);

export function addTuningOptions(command: Command): void {
  command
    .requiredOption('--pairs <file>', "JSON list of [self, other], or upstream's pickle")
    .requiredOption('--out <dir>', 'gets the adapter in PEFT format, run.json, steps.jsonl and TensorBoard files')
    .addOption(choice('--preset <name>', "upstream: true to every quirk of the paper's code", ['upstream']))
    .addOption(choice('--loss <name>', "kl (upstream's code, default) or mse (the paper)", ['kl', 'mse']))
    .option('--layer <n>', 'layer whose o_proj the mse loss compares, from 0 (default: 19/32 of the way up)', whole(0))
    .addOption(
      choice('--positions <which>', 'all (default; pads count, as upstream), real, last, differing', [
        'all',
        'real',
        'last',
        'differing',
      ]),
    )
    .option('--detach-self', 'hold the self side still; the other side moves towards it')
    .option('--capability <weight>', 'weight of KL(base || tuned) on the texts of --neutral', decimal({ min: 0 }))
    .option('--neutral <file>', 'JSON list of neutral texts')
    .option('--epochs <n>', 'times through the pairs (default: 20)', whole(1))
    .addOption(
      new Option('--max-steps <n>', "the optimiser's steps, instead of epochs").argParser(whole(1)).conflicts('epochs'),
    )
    .option('--batch <n>', 'pairs of a batch (default: 4)', whole(1))
    .option('--accumulate <n>', 'batches whose gradients make one step (default: 4)', whole(1))
    .option('--lr <rate>', 'learning rate of AdamW (default: 5e-5)', decimal({ min: 0 }))
    .option('--weight-decay <rate>', 'default: 0', decimal({ min: 0 }))
    .addOption(choice('--schedule <name>', 'constant (default), linear or cosine', ['constant', 'linear', 'cosine']))
    .option('--warmup <n>', 'steps over which the learning rate rises (default: 0)', whole(0))
    .option('--max-grad-norm <x>', 'clips the joint norm of the gradients', decimal({ min: 0 }))
    .option('--dropout <p>', "of LoRA's input (default: 0.2)", decimal({ min: 0, max: 1 }))
    .option('--rank <r>', 'of a fresh adapter (default: 8)', whole(1))
    .option('--alpha <a>', 'of a fresh adapter (default: 32)', decimal({ min: 0 }))
    .option(
      '--target-modules <names>',
      'of a fresh adapter: names with commas, a regular expression, or all-linear (default: q_proj,v_proj)',
    )
    .option('--seed <n>', "of the adapter, the order and dropout (default: 276, upstream's first)", whole(0))
    .addOption(
      new Option('--pad <width>', 'tokens that prompts count as padded to, or longest (default)').argParser(padWidth),
    )
    .option(
      '--gradient-checkpointing',
      'compute layers again instead of keeping what they made: less memory, same results',
    )
    .option('--no-shuffle', 'take the pairs in the order of the file')
    .option('--resume', 'go on with the run in --out, to the same bits; start when there is none');
}

export const tuningOptions = (given: unknown): TuningOptions => checked(optionsSchema, given);

/**
 * The preset or the defaults, with what was said on the command line.
 * @throws InputError for a layer that the model does not have, and for options that do not go together
 */
export function configOf(options: TuningOptions, { config: shape }: LanguageModel, pairs: number): TuningConfig {
  const base = options.preset === 'upstream' ? UPSTREAM : DEFAULTS;
  const { lora } = base;
  const loss = options.loss ?? base.loss;
  if (options.layer !== undefined && loss !== 'mse') throw new InputError('--layer: only the mse loss reads a layer');
  if (options.capability && options.neutral === undefined) {
    throw new InputError('--capability: wants neutral texts, with --neutral FILE');
  }
  const config: TuningConfig = {
    ...{ loss, layer: loss === 'mse' ? layerOf(options, shape.numHiddenLayers) : null },
    positions: options.positions ?? base.positions,
    detachSelf: options.detachSelf ?? base.detachSelf,
    capability: options.capability ?? base.capability,
    pad: options.pad ?? base.pad,
    batch: options.batch ?? base.batch,
    accumulate: options.accumulate ?? base.accumulate,
    dropLeftover: base.dropLeftover,
    shuffle: options.shuffle,
    epochs: options.epochs ?? base.epochs,
    maxSteps: options.maxSteps ?? null,
    lr: options.lr ?? base.lr,
    weightDecay: options.weightDecay ?? base.weightDecay,
    schedule: options.schedule ?? base.schedule,
    warmupSteps: options.warmup ?? base.warmupSteps,
    maxGradNorm: options.maxGradNorm ?? base.maxGradNorm,
    seed: options.seed ?? base.seed,
    gradientCheckpointing: options.gradientCheckpointing ?? base.gradientCheckpointing,
    lora: {
      r: options.rank ?? lora.r,
      alpha: options.alpha ?? lora.alpha,
      dropout: options.dropout ?? lora.dropout,
      targetModules: options.targetModules === undefined ? lora.targetModules : targetsOf(options.targetModules),
    },
  };
  return options.maxSteps === undefined ? config : { ...config, epochs: enoughEpochs(config, pairs) };
}

function layerOf({ layer }: TuningOptions, layers: number): number {
  const wanted = layer ?? Math.min(layers - 1, Math.round(layers * PAPER_LAYER));
  if (wanted >= layers) throw new InputError(`--layer ${wanted}: the model has layers 0 to ${layers - 1}`);
  return wanted;
}

const targetsOf = (text: string): TuningConfig['lora']['targetModules'] =>
  /^[\w.]+(,[\w.]+)*$/.test(text) && text !== 'all-linear' ? text.split(',') : text;

/** Epochs within which a limit on steps is reached. */
function enoughEpochs({ batch, accumulate, dropLeftover, maxSteps }: TuningConfig, pairs: number): number {
  const perEpoch = Math.ceil(pairs / batch);
  const steps = dropLeftover ? Math.floor(perEpoch / accumulate) : perEpoch / accumulate;
  if (steps === 0) {
    throw new InputError(
      `--accumulate ${accumulate}: an epoch has ${perEpoch} batches, so upstream's loop never takes a step`,
    );
  }
  return Math.ceil((maxSteps ?? 0) / steps);
}
