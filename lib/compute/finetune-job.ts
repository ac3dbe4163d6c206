/** Fine-tuning in a compute worker's thread. */
import { InputError } from '../files/input-error';
import {
  encodePairs,
  finetune as tune,
  type FinetuneOptions,
  type FinetuneResult,
  type MonitorRecord,
  type TokenPair,
  type TuningPair,
} from '../soo';
import { hashFolder, hashJson, originOf, type StepRecord } from '../training';
import type { HeldModel, PromptOptions, Prompts } from './held-model';
import type { Running } from './serve-requests';

/** Pairs as texts, or as token ids. */
export type Pairs = readonly TuningPair[] | readonly TokenPair[];

/** A run as `soo.finetune` takes it, on the model that the thread holds. */
export type FinetuneArguments = Pick<FinetuneOptions, 'folder' | 'config' | 'adapterFolder' | 'resume' | 'force'> &
  PromptOptions & {
    pairs: Pairs;
    /** Pairs that are watched while the run goes on, two at least; by default nobody watches. */
    watched?: Pairs;
    /** Neutral texts, raw, or their token ids; wanted when the configuration gives the capability term a weight. */
    neutral?: Prompts;
    /** What fills the pads; by default the tokenizer's end-of-sequence token, as upstream's, or 0. */
    padId?: number;
    /** Kept in `run.json`; by default hashes of the model's files, the adapter's, the pairs and the neutral texts. */
    inputs?: FinetuneOptions['inputs'];
    /** Kept in `run.json`; by default versions, machine and command of this process. */
    origin?: FinetuneOptions['origin'];
  };

export type FinetuneEvent = { step: StepRecord } | { monitor: MonitorRecord };

export function finetune(
  held: HeldModel,
  { pairs, watched, neutral, chat, ...options }: FinetuneArguments,
  { signal, tell }: Running<FinetuneEvent>,
): Promise<FinetuneResult> {
  const { model, found } = held;
  if (held.hasAdapter)
    throw new InputError(
      'finetune: an adapter is on the model; useAdapter(null) takes it off, and adapterFolder goes on from one',
    );
  const { pad } = options.config;
  const tokens = (given: Pairs): readonly TokenPair[] => tokenPairsOf(held, given, { chat, pad });
  return tune({
    ...options,
    padId: options.padId ?? model.tokenizer?.eosId ?? 0,
    inputs: options.inputs ?? inputsOf(found.path, options.adapterFolder, { pairs, neutral, chat }),
    origin: options.origin ?? originOf('.', process.argv, found),
    model,
    pairs: tokens(pairs),
    watched: watched && tokens(watched),
    neutral: neutral && held.encode(neutral, {}),
    baseModel: found.name ?? found.path,
    baseRevision: found.revision,
    signal,
    onStep: (step) => tell({ step }),
    onMonitor: (monitor) => tell({ monitor }),
  });
}

/** Token ids of pairs. @throws InputError for texts that cannot be encoded */
export function tokenPairsOf(
  held: HeldModel,
  pairs: Pairs,
  { chat, pad }: PromptOptions & { pad?: FinetuneOptions['config']['pad'] },
): readonly TokenPair[] {
  if (!areTexts(pairs)) return pairs;
  return encodePairs(held.model, pairs, { format: held.format({ chat }), pad }).pairs;
}

const areTexts = (pairs: Pairs): pairs is readonly TuningPair[] => pairs.length > 0 && 'self' in pairs[0];

function inputsOf(
  model: string,
  adapter: string | undefined,
  given: Record<string, unknown>,
): FinetuneOptions['inputs'] {
  const hashes = Object.entries(given).map(([name, value]) => [name, value === undefined ? null : hashJson(value)]);
  return {
    model: hashFolder(model),
    adapter: adapter === undefined ? null : hashFolder(adapter),
    ...(Object.fromEntries(hashes) as Record<string, string | null>),
  };
}
