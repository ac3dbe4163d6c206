import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { shown } from '../files/input-error';
import { inMode, Module } from '../nn';
import { torch, type Tensor } from '../torch';
import type { GenerativeModel, PreparedDecoding } from './language-model';
import {
  checkSampling,
  drawTokens,
  likeliestTokens,
  penalizeRepetition,
  uniformSources,
  warpLogits,
  type SamplingOptions,
} from './sampling';

export interface StreamOptions {
  maxNewTokens: number;
  /** Tokens after which a sequence stops; by default the model's own. `null`: never stop early. */
  eosId?: number | readonly number[] | null;
  /** Prompts decoded side by side; default 32. */
  batchSize?: number;
  /** Draws tokens by their probability; by default the likeliest is taken. */
  sampling?: SamplingOptions;
  /** Above 1: tokens of the prompt and of the answer so far become less likely; default 1. */
  repetitionPenalty?: number;
  /** Stops the work after the current token; an error with the signal's reason is thrown. */
  signal?: AbortSignal;
}

export interface GenerateOptions extends StreamOptions {
  /** Called for every new token; `prompt` is the prompt's index. */
  onToken?: (prompt: number, token: number) => void;
}

/** One new token. */
export interface GeneratedToken {
  /** The prompt's index. */
  prompt: number;
  token: number;
  /** True when nothing follows for this prompt. */
  last: boolean;
}

/** A prompt and what has been made of it. */
interface Sequence {
  readonly prompt: number;
  /** The prompt's tokens and the new ones. */
  readonly tokens: number[];
  made: number;
  readonly uniform: (() => number) | undefined;
}

/**
 * Continues prompts. Knows token ids only; the model may be anything that follows {@link GenerativeModel}.
 * @param ids prompts, none of them empty
 * @returns the new tokens of each prompt, in the prompts' order; the token that stopped a sequence is its last
 * @throws RangeError for an empty prompt or numbers that make no sense
 */
export async function generate(
  model: GenerativeModel,
  ids: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  checkPrompts(ids);
  const outputs: number[][] = ids.map(() => []);
  for await (const { prompt, token } of streamGenerate(model, ids, options)) {
    outputs[prompt]?.push(token);
    options.onToken?.(prompt, token);
  }
  return outputs;
}

/**
 * Continues prompts and hands out every new token as it comes: a batch's sequences in turn, batch after batch. Leaving
 * the loop ends the work.
 *
 *     for await (const piece of streamGenerate(model, ids, { maxNewTokens: 75 })) show(piece.prompt, piece.token);
 *
 * @param ids prompts, none of them empty
 * @throws RangeError for an empty prompt or numbers that make no sense
 */
export async function* streamGenerate(
  model: GenerativeModel,
  ids: readonly (readonly number[])[],
  options: StreamOptions,
): AsyncGenerator<GeneratedToken, void, undefined> {
  const { maxNewTokens, batchSize = 32, sampling } = options;
  checkOptions(ids, options);
  if (maxNewTokens === 0 || ids.length === 0) return;
  const uniforms = sampling && uniformSources(sampling.seed ?? 0, ids.length);
  const sequences = ids.map((tokens, prompt): Sequence => {
    return { prompt, tokens: [...tokens], made: 0, uniform: uniforms?.[prompt] };
  });
  // Prompts of like length share a batch, so that little is spent on padding.
  sequences.sort((a, b) => b.tokens.length - a.tokens.length || a.prompt - b.prompt);
  options.signal?.throwIfAborted();
  const rows = Math.min(batchSize, ids.length);
  using prepared = model.prepareDecoding?.({ rows, steps: Math.ceil(ids.length / rows) * maxNewTokens });
  const decode = decodingOf(model, prepared);
  for (let at = 0; at < sequences.length; at += batchSize) {
    yield* decodeBatch(model, decode, sequences.slice(at, at + batchSize), options);
  }
}

/** Runs a piece of the work: nothing made on the way outlives it but what it returns. */
type Decode = <T>(work: () => T) => T;

/** Between two pieces others may use the model, and find it as they left it: in training mode, or not packed. */
function decodingOf(model: GenerativeModel, prepared: PreparedDecoding | undefined): Decode {
  return (work) => {
    const compute = (): ReturnType<typeof work> => torch.scope(() => torch.inferenceMode(work));
    const prepare = (): ReturnType<typeof work> => (prepared?.run ? prepared.run(compute) : compute());
    return model instanceof Module && model.training ? inMode(model, 'eval', prepare) : prepare();
  };
}

/** Decodes sequences side by side until each has stopped. `rows` are those that still go on. */
async function* decodeBatch(
  model: GenerativeModel,
  decode: Decode,
  rows: Sequence[],
  options: StreamOptions,
): AsyncGenerator<GeneratedToken, void, undefined> {
  const { maxNewTokens, eosId = model.eosTokenIds, signal } = options;
  const stops = new Set([eosId ?? []].flat());
  signal?.throwIfAborted();
  const prompts = rows.map(({ tokens }) => tokens.slice());
  const session = decode(() => model.startDecoding(prompts, maxNewTokens));
  try {
    let tokens = decode(() => nextTokens(session.prefill(), rows, options));
    for (;;) {
      const ended: number[] = [];
      for (const [row, sequence] of rows.entries()) {
        const token = tokens[row];
        sequence.tokens.push(token);
        const last = ++sequence.made === maxNewTokens || stops.has(token);
        if (last) ended.unshift(row);
        yield { prompt: sequence.prompt, token, last };
      }
      if (ended.length === rows.length) return;
      for (const row of ended) {
        decode(() => session.drop(row));
        [rows, tokens] = [withoutRow(rows, row), withoutRow(tokens, row)];
      }
      await eventLoopTurn();
      signal?.throwIfAborted();
      const fed = tokens;
      tokens = decode(() => nextTokens(session.step(fed), rows, options));
    }
  } finally {
    session.dispose();
  }
}

/** The next token of each row. */
function nextTokens(
  logits: Tensor,
  rows: readonly Sequence[],
  { sampling, repetitionPenalty = 1 }: StreamOptions,
): number[] {
  let scores = logits;
  if (repetitionPenalty !== 1) {
    const seen = rows.map(({ tokens }) => tokens);
    scores = penalizeRepetition(scores.to('float32'), seen, repetitionPenalty);
  }
  if (!sampling) return likeliestTokens(scores);
  const uniforms = rows.map(({ uniform }) => uniform?.() ?? 0);
  return drawTokens(warpLogits(scores.to('float32'), sampling), uniforms);
}

/** The rows without one of them, the last in its place, as {@link DecodingSession.drop} leaves them. */
function withoutRow<T>(rows: readonly T[], row: number): T[] {
  const left = rows.slice(0, -1);
  if (row < left.length) left[row] = rows[rows.length - 1];
  return left;
}

function checkOptions(ids: readonly (readonly number[])[], options: StreamOptions): void {
  const { maxNewTokens, batchSize = 32, sampling, repetitionPenalty = 1 } = options;
  checkPrompts(ids);
  requireWhole('maxNewTokens', maxNewTokens, 0);
  requireWhole('batchSize', batchSize, 1);
  if (!(repetitionPenalty > 0 && repetitionPenalty < Infinity)) {
    throw new RangeError(`generate: repetitionPenalty must be a number above 0, got ${repetitionPenalty}`);
  }
  if (sampling) checkSampling(sampling, ids.length);
  const empty = ids.findIndex((prompt) => prompt.length === 0);
  if (empty >= 0) throw new RangeError(`generate: prompt ${empty} is empty`);
}

/** What is not typed may hand over a text, or texts. */
function checkPrompts(ids: unknown): void {
  const isPrompt = (value: unknown): boolean => Array.isArray(value) && value.every(Number.isSafeInteger);
  if (Array.isArray(ids) && ids.every(isPrompt)) return;
  const wrong: unknown = Array.isArray(ids) ? ids.find((prompt) => !isPrompt(prompt)) : ids;
  throw new TypeError(
    `generate: prompts are arrays of token ids (tokenizer.encode gives one), in an array, got ${shown(wrong)}`,
  );
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`generate: ${name} must be a whole number of ${least} or more, got ${value}`);
  }
}
