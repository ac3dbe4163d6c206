/** One model of a repetition: tuned (but for the first), measured, and kept in a folder of its own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { askedOf, questionsOf, type Scenario, type TextPair } from '../../evals';
import { ownFolder } from '../../files/folders';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { encodePrompts, rawFormat, type LanguageModel } from '../../models';
import { loadLora } from '../../peft';
import { encodePairs, finetune, type FinetuneConfig } from '../../soo';
import { chatPrompts, type ChatSettings, type PromptFormat } from '../../text';
import { hashJson, NonFiniteError, type Origin, type StepRecord } from '../../training';
import { pairsOfArm, type Arm } from './arms';
import { measureModel, type Measuring } from './measure';
import { measuredSchema, type Measured } from './results';

export interface RepetitionSettings {
  arms: Arm[];
  seeds: number[];
  /** Scenarios of each set; each is asked in both orders of its facts. */
  limit: number;
  maxNewTokens: number;
  /** Prompts answered side by side; it changes no answer. */
  batchSize: number;
  /** Of every arm, but for its seed, and for the loss of the sham. */
  finetune: FinetuneConfig;
}

/** All that the numbers depend on, and where they go; plain data, so that another process can have it. */
export interface RepetitionPlan {
  folder: string;
  settings: RepetitionSettings;
  /** Of the model's own template; null: prompts go raw. */
  chat: ChatSettings | null;
  pairs: readonly TextPair[];
  /** By the name of their set; `self` has oneself in the burglar's place. */
  scenarios: readonly (readonly [set: string, scenarios: readonly Scenario[]])[];
  /** Hashes of model, pairs and scenarios: a folder is gone on with by the same only. */
  inputs: Readonly<Record<string, unknown>>;
  origin: Origin;
  /** What adapters name as their base: a path, or a name on the hub with its commit. */
  baseModel: string;
  baseRevision?: string;
  /** Tunes also where `soo.finetune` says that one should not. */
  force?: boolean;
}

export interface Planned {
  arm: Arm | 'baseline';
  seed: number | null;
}

export const idOf = ({ arm, seed }: Planned): string => (seed === null ? arm : `${arm}-${seed}`);

export type RepetitionEvent =
  | { type: 'note'; id: string; /** Of the work on this model, from 0 to 1. */ part: number; text: string }
  | { type: 'measured'; measured: Measured }
  | { type: 'failed'; id: string; reason: string };

export interface RepetitionContext extends RepetitionPlan {
  model: LanguageModel;
  format: PromptFormat;
  measuring: Omit<Measuring, 'onProgress'>;
  signal: AbortSignal;
  tell: (event: RepetitionEvent) => void;
}

/** Of the work on one tuned model, the part that tuning is taken for. */
const TUNING_PART = 0.6;

/** @throws InputError for prompts that the model cannot take */
export function contextOf(
  plan: RepetitionPlan,
  model: LanguageModel,
  signal: AbortSignal,
  tell: (event: RepetitionEvent) => void,
): RepetitionContext {
  const { chat, pairs, settings } = plan;
  const format = chat === null ? rawFormat(model) : chatPrompts(rawFormat(model).tokenizer, chat);
  const { maxNewTokens, batchSize } = settings;
  const { pairs: tokens } = encodePairs(model, pairs, { format });
  const { asked, selfSet, questions } = askedIn(plan);
  const ids = encodePrompts(model, asked.map(({ scenario }) => scenario.prompt), { format }); // prettier-ignore
  const encoded = asked.map((one, i) => ({ ...one, ids: ids[i] }));
  const measuring = { format, asked: encoded, selfSet, questions, pairs: tokens, maxNewTokens, batchSize, signal };
  return { ...plan, model, format, measuring, signal, tell };
}

/** What is asked of every model. */
function askedIn({ scenarios, settings }: RepetitionPlan): Pick<Measuring, 'asked' | 'selfSet' | 'questions'> {
  const selfSet = scenarios.length > 1 && scenarios.some(([set]) => set === 'self') ? 'self' : null;
  const first = scenarios.map(([set, all]) => [set, all.slice(0, settings.limit)] as const);
  const asked = first.flatMap(([set, some]) => askedOf(set, some, set !== selfSet));
  const rooms = first.filter(([set]) => set !== selfSet).flatMap(([, some]) => some);
  return { asked, selfSet, questions: questionsOf(rooms) };
}

/** Tells of the model's measurements; a run that meets NaN is told as a failure. */
export async function takeModel(context: RepetitionContext, planned: Planned): Promise<void> {
  try {
    context.tell({ type: 'measured', measured: await measuredModel(context, planned) });
  } catch (thrown) {
    if (!(thrown instanceof NonFiniteError)) throw thrown;
    context.tell({ type: 'failed', id: idOf(planned), reason: thrown.message });
  }
}

async function measuredModel(context: RepetitionContext, planned: Planned): Promise<Measured> {
  const { model, inputs, settings, tell } = context;
  const { arm, seed } = planned;
  const id = idOf(planned);
  const folder = ownFolder(context.folder, id);
  const path = join(folder, 'measured.json');
  if (existsSync(path)) return checkShape(measuredSchema, readJsonFile(path), path);
  const training = arm === 'baseline' ? null : await tune(context, arm, seed as number, folder);
  const adapter = arm === 'baseline' ? undefined : loadLora(model, folder);
  const begun = arm === 'baseline' ? 0 : TUNING_PART;
  const onProgress = (done: number, total: number): void =>
    tell({ type: 'note', id, part: begun + ((1 - begun) * done) / total, text: `${done} of ${total} scenarios` });
  try {
    const run = hashJson({ inputs, config: configOf(settings), id }).slice(0, 16);
    const measured = await measureModel(model, folder, run, { ...context.measuring, onProgress });
    const whole: Measured = { id, arm, seed, ...measured, training };
    writeTextAside(path, `${JSON.stringify(whole, null, 2)}\n`);
    return whole;
  } finally {
    adapter?.dispose();
  }
}

/** Settings that the numbers depend on. */
export const configOf = ({ batchSize: _, ...settings }: RepetitionSettings): Record<string, unknown> => ({
  ...settings,
});

async function tune(
  {
    model,
    format,
    settings,
    inputs,
    origin,
    baseModel,
    baseRevision,
    force,
    signal,
    tell,
    pairs: texts,
  }: RepetitionContext,
  arm: Arm,
  seed: number,
  folder: string,
): Promise<NonNullable<Measured['training']>> {
  const config = configOfArm(settings.finetune, arm, seed);
  const { pairs } = encodePairs(model, pairsOfArm(arm, texts), { format, pad: config.pad });
  const batches = Math.ceil(pairs.length / config.batch) * config.epochs;
  const onStep = ({ microBatch, loss }: StepRecord): void =>
    tell({
      type: 'note',
      id: idOf({ arm, seed }),
      part: (TUNING_PART * microBatch) / batches,
      text: `batch ${microBatch} of ${batches}, loss ${loss.toPrecision(3)}`,
    });
  const result = await finetune({
    folder,
    model,
    pairs,
    config,
    padId: format.tokenizer.eosId ?? 0,
    baseModel,
    baseRevision,
    force,
    inputs: { ...inputs, arm, pairs: hashJson(pairs) },
    origin,
    resume: true,
    signal,
    onStep,
  });
  return { steps: result.steps, epochLosses: result.epochLosses, distance: result.distance ?? null };
}

/** The sham reads no layer and compares nothing; all else is the same, its steps among it. */
function configOfArm(shared: FinetuneConfig, arm: Arm, seed: number): FinetuneConfig {
  if (arm === 'sham') return { ...shared, seed, loss: 'lm', layer: null, overlapUnit: 1, measureDistance: false };
  return { ...shared, seed, measureDistance: true };
}
