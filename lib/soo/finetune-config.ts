/** The settings of one fine-tuning run: what each means, its range, and the presets; flags and `run.json` come from here. */
import { z } from 'zod';
import type { LoraConfig } from '../peft';
import { torch } from '../torch';
import { POSITIONS } from './positions';

const whole = (min: number, max = 1e9) => z.int().min(min).max(max);
const atLeastZero = z.number().min(0);

export const loraSettings = {
  r: whole(1).describe('rank of a new adapter'),
  alpha: atLeastZero.describe('alpha of a new adapter'),
  dropout: z.number().min(0).max(1).describe("dropout of LoRA's input"),
  targetModules: z
    .union([z.string(), z.array(z.string()).readonly()])
    .describe('modules of a new adapter: names joined by commas, a regular expression, or all-linear'),
};

/** Whether the loss of that name compares what a layer computes, so that `layer` is wanted. */
export const readsLayer = (loss: FinetuneConfig['loss']): boolean => loss === 'mse';

/** The layer that the paper compares in a model of so many: its 19 of 32, late-middle. */
export const paperLayer = (layers: number): number => Math.min(layers - 1, Math.round((layers * 19) / 32));

export const finetuneSettings = {
  loss: z
    .enum(['kl', 'mse', 'lm'])
    .describe(
      "kl (upstream's code, on next-token distributions), mse (the paper), or lm (a sham: next tokens of the pairs)",
    ),
  layer: whole(0).nullable().describe('layer whose o_proj the mse loss compares, from 0'),
  positions: z
    .enum(['all', 'real', ...POSITIONS.filter((name) => name !== 'all')])
    .describe('all (counts pads, as upstream does), real, last, differing'),
  numbering: z
    .enum(['padded', 'real'])
    .describe('positions count from the first column, pads included (padded), or from the first real token'),
  detachSelf: z.boolean().describe('hold the self side fixed; only the other side moves'),
  overlap: atLeastZero.describe('weight of the overlap loss; 0: the capability term alone'),
  overlapUnit: z
    .union([z.number().positive(), z.literal('start')])
    .describe('what the overlap loss is divided by: a number, or start, its own value on all pairs at the beginning'),
  capability: atLeastZero.describe('weight of KL(base || tuned) on the texts of --neutral'),
  variance: atLeastZero.describe("weight of a term that keeps each feature's deviation over a batch's prompts"),
  contrast: atLeastZero.describe(
    "weight of a term that keeps other prompts of a batch further apart than a pair's sides",
  ),
  nameControl: atLeastZero.describe('weight of a term that keeps what tells two names apart'),
  documentsPerBatch: whole(1).nullable().describe('neutral texts in a batch (default: as many as it has pairs)'),
  pad: z
    .union([whole(1, 2 ** 20), z.literal('longest')])
    .describe(
      'number of tokens to pad and cut prompts to, or longest; pads go on the left, whatever padding_side says',
    ),
  batch: whole(1).describe('pairs in a batch'),
  microBatch: z
    .union([whole(1), z.literal('auto')])
    .nullable()
    .describe('pairs of a batch to compute at once; auto: all, and half as many whenever memory does not suffice'),
  accumulate: whole(1).describe('batches whose gradients go into one step'),
  dropLeftover: z.boolean().describe("drop the gradients left over at an epoch's end, as upstream's loop does"),
  shuffle: z.boolean().describe('a new order of the pairs every epoch'),
  epochs: whole(1).describe('passes over the pairs'),
  maxSteps: whole(1).nullable().describe('number of optimiser steps, instead of epochs'),
  leastEpochs: whole(0).describe('epochs before --until-share or --until-distance may end the run'),
  untilShare: atLeastZero
    .nullable()
    .describe('end after the epoch that brings the distance to this share of its start'),
  untilDistance: atLeastZero.nullable().describe('end after the epoch that brings the distance down to this'),
  measureDistance: z.boolean().describe('report the overlap loss on all pairs, without dropout, before and after'),
  optimizer: z
    .enum(['adamw-transformers', 'adamw'])
    .describe("adamw-transformers (upstream's: eps 1e-6 before the bias correction) or adamw (PyTorch's)"),
  lr: atLeastZero.describe('learning rate of AdamW'),
  weightDecay: atLeastZero.describe('weight decay of AdamW'),
  schedule: z
    .enum(['constant', 'linear', 'cosine'])
    .describe('schedule of the learning rate; linear and cosine end at 0'),
  warmupSteps: whole(0).describe('steps over which the learning rate rises'),
  maxGradNorm: atLeastZero.nullable().describe('clip the total norm of the gradients'),
  seed: whole(0).describe("seed of the adapter, the order and dropout; 276 is upstream's first"),
  adapt: z
    .enum(['all', 'learning'])
    .describe('target modules that get a new adapter: all, or learning (those that the loss reaches)'),
  autocast: z
    .enum(['bfloat16', 'float16'])
    .nullable()
    .describe('dtype that products are computed in during training: bfloat16, or float16 with a loss scale'),
  gradientCheckpointing: z.boolean().describe('recompute layers in the backward pass: less memory, same results'),
  heldOut: z
    .union([whole(0), z.string()])
    .describe(
      "pairs to watch for collapse: the file's last n, not tuned on, or another file; 0: some that are tuned on",
    ),
  monitorEvery: z
    .union([whole(0), z.literal('auto')])
    .describe('steps from one look for collapse to the next; auto: such that it takes under 3% of the time; 0: none'),
  stopOnCollapse: z.boolean().describe('end the run when the module that it tunes has become a constant'),
  lora: z.looseObject(loraSettings),
};

export const finetuneConfigSchema = z.object(finetuneSettings);

export type FinetuneConfig = Omit<z.infer<typeof finetuneConfigSchema>, 'lora'> & {
  lora: LoraConfig & { dropout: number };
};

/**
 * Upstream's published settings (SOO-Honest-AI, "LLM experiments"): 20 epochs of batches of 4, 4 to a step, the 13th
 * batch of an epoch dropped, prompts padded to 128 tokens and the pads counted.
 */
export const UPSTREAM: FinetuneConfig = {
  loss: 'kl',
  layer: null,
  positions: 'all',
  numbering: 'padded',
  detachSelf: false,
  overlap: 1,
  overlapUnit: 1,
  capability: 0,
  variance: 0,
  contrast: 0,
  nameControl: 0,
  documentsPerBatch: null,
  pad: 128,
  batch: 4,
  microBatch: null,
  accumulate: 4,
  dropLeftover: true,
  shuffle: true,
  epochs: 20,
  maxSteps: null,
  leastEpochs: 0,
  untilShare: null,
  untilDistance: null,
  measureDistance: false,
  optimizer: 'adamw-transformers',
  lr: 5e-5,
  weightDecay: 0,
  schedule: 'constant',
  warmupSteps: 0,
  maxGradNorm: null,
  seed: 276,
  adapt: 'all',
  autocast: null,
  gradientCheckpointing: false,
  heldOut: 0,
  monitorEvery: 'auto',
  stopOnCollapse: false,
  lora: { r: 8, alpha: 32, dropout: 0.2, targetModules: ['q_proj', 'v_proj'] },
};

/**
 * The defaults: upstream's, but nothing is padded to a width of its own, no batch is dropped, and what could not learn gets
 * no adapter.
 */
export const CLEAN: FinetuneConfig = { ...UPSTREAM, pad: 'longest', dropLeftover: false, adapt: 'learning' };

/**
 * Whether the self side is held with nothing that keeps the model as it was: elsewhere this made token soup of a model of
 * 7 billion parameters, with each of five seeds.
 */
export const isRisky = ({ detachSelf, overlap, capability }: FinetuneConfig): boolean =>
  detachSelf && overlap > 0 && capability === 0;

/** What is said of it. */
export const RISK = 'without a capability term has destroyed models';

export const batchesPerEpoch = (pairs: number, { batch }: FinetuneConfig): number => Math.ceil(pairs / batch);

/** Steps of the optimiser in a whole run. */
export function totalSteps(pairs: number, config: FinetuneConfig): number {
  const perEpoch = batchesPerEpoch(pairs, config);
  const { accumulate, epochs, dropLeftover, maxSteps } = config;
  const whole = dropLeftover ? Math.floor(perEpoch / accumulate) * epochs : Math.ceil((perEpoch * epochs) / accumulate);
  return Math.min(whole, maxSteps ?? Infinity);
}

/** Batches in a whole run: with a limit on steps it ends with the batch that fills the last one. */
export function totalBatches(pairs: number, config: FinetuneConfig): number {
  const perEpoch = batchesPerEpoch(pairs, config);
  const { accumulate, epochs, dropLeftover, maxSteps } = config;
  if (maxSteps === null) return perEpoch * epochs;
  if (!dropLeftover) return Math.min(perEpoch * epochs, maxSteps * accumulate);
  const stepsPerEpoch = Math.floor(perEpoch / accumulate);
  if (stepsPerEpoch === 0) return perEpoch * epochs;
  const wholeEpochs = Math.floor((maxSteps - 1) / stepsPerEpoch);
  return Math.min(perEpoch * epochs, wholeEpochs * perEpoch + (maxSteps - wholeEpochs * stepsPerEpoch) * accumulate);
}

/** The order of one epoch after the other: a new permutation each, from one seeded generator. */
function* orders(count: number, { shuffle, seed }: FinetuneConfig): Generator<number[]> {
  const generator = torch.generator({ seed });
  const plain = Array.from({ length: count }, (_, i) => i);
  for (;;) yield shuffle ? torch.scope(() => torch.randperm(count, { generator }).toArray() as number[]) : plain;
}

/**
 * Indices of the pairs of every batch after the first `done` ones. The order depends on the seed alone, so a run that is
 * taken up again meets the batches that it would have met.
 */
export function* microBatches(pairs: number, config: FinetuneConfig, done: number): Generator<number[]> {
  const perEpoch = batchesPerEpoch(pairs, config);
  const total = totalBatches(pairs, config);
  let number = 0;
  for (const order of orders(pairs, config)) {
    for (let i = 0; i < perEpoch; i++, number++) {
      if (number >= total) return;
      if (number >= done) yield order.slice(i * config.batch, (i + 1) * config.batch);
    }
  }
}
