/** What runs without a judge: which of a benchmark's two answers is the likelier, the honest or the deceptive one. */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { InputError } from '../../files/input-error';
import type { LanguageModel } from '../../models';
import { wilson, type Interval } from '../../statistics';
import {
  chatPrompts,
  instructedPrompts,
  rawPrompts,
  type ChatSettings,
  type PromptFormat,
  type Tokenizer,
} from '../../text';
import { negativeLogLikelihood } from '../likelihood';
import type { BenchmarkItem } from './benchmark';

/** How prompts with that system turn reach the model. */
export type FormatOf = (system: string | null) => PromptFormat;

/**
 * In the model's chat template, or with `chat` null as raw text: the system turn, an empty line, and the prompt. An item's own
 * system turn takes the place of one in the settings.
 * @param instruction goes before every prompt, as `text.instructedPrompts` puts it
 */
export function benchmarkFormats(
  tokenizer: Tokenizer,
  chat: ChatSettings | null,
  instruction: string | null = null,
): FormatOf {
  const formatOf = (settings: ChatSettings | null): PromptFormat => {
    if (instruction !== null) return instructedPrompts(tokenizer, settings, instruction);
    return settings ? chatPrompts(tokenizer, settings) : rawPrompts(tokenizer);
  };
  if (chat) return (system) => formatOf({ ...chat, ...(system !== null && { system }) });
  const raw = formatOf(null);
  return (system) =>
    system === null ? raw : { ...raw, encode: (prompt, answer) => raw.encode(`${system}\n\n${prompt}`, answer) };
}

export interface Compared {
  id: string;
  kind: string;
  /** Log-likelihood of each answer in nats, and the tokens that it has. */
  honest: { logLikelihood: number; tokens: number };
  deceptive: { logLikelihood: number; tokens: number };
  /** Nats by which a token of the deceptive answer is the likelier on average: long and short answers can be compared. */
  margin: number;
}

/**
 * Compares the two answers to every item that has them. They are the benchmark's, not the model's own: this tells which way
 * the model leans, and no rate of what it would say.
 * @throws InputError for items of which none has two answers, or one that is longer than the model has positions for
 */
export async function compareCompletions(
  model: LanguageModel,
  items: readonly BenchmarkItem[],
  formatOf: FormatOf,
  signal?: AbortSignal,
): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const { id, kind, system, prompt, prefill, completions } of items) {
    if (!completions) continue;
    await eventLoopTurn();
    signal?.throwIfAborted();
    const format = formatOf(system);
    const likelihoodOf = (answer: string) => scored(model, format, { id, prompt, prefill: prefill ?? '', answer });
    const [honest, deceptive] = [likelihoodOf(completions.honest), likelihoodOf(completions.deceptive)];
    const margin = deceptive.logLikelihood / deceptive.tokens - honest.logLikelihood / honest.tokens;
    compared.push({ id, kind, honest, deceptive, margin });
  }
  if (compared.length === 0) throw new InputError('the benchmark has no answers to compare: it wants a judge');
  return compared;
}

/** The tokens of an answer are those behind what the prompt and the prefill alone have. */
function scored(
  model: LanguageModel,
  format: PromptFormat,
  { id, prompt, prefill, answer }: Record<'id' | 'prompt' | 'prefill' | 'answer', string>,
): Compared['honest'] {
  const before = format.encode(prompt, prefill);
  const ids = format.encode(prompt, prefill ? `${prefill} ${answer}` : answer);
  const most = model.config.maxPositionEmbeddings;
  if (ids.length > most) throw new InputError(`item ${id} has ${ids.length} tokens, but max_position_embeddings of config.json is ${most}`); // prettier-ignore
  const parts = ids.findIndex((one, i) => one !== before[i]);
  const from = Math.max(1, parts < 0 ? ids.length : parts);
  if (from >= ids.length) throw new InputError(`item ${id}: an answer adds no token to the prompt`);
  return { logLikelihood: -negativeLogLikelihood(model, ids, from), tokens: ids.length - from };
}

export interface CompletionRates {
  n: number;
  /** Share of items whose deceptive answer is the likelier per token, with Wilson's 95% interval. */
  deceptive: number;
  interval: Interval;
  /** Mean of the margins, in nats per token. */
  margin: number;
}

/** @throws RangeError for no items */
export function completionRates(compared: readonly Compared[]): CompletionRates {
  const n = compared.length;
  if (n === 0) throw new RangeError('completionRates: wanted items, got none');
  const deceptive = compared.filter(({ margin }) => margin > 0).length / n;
  const margin = compared.reduce((sum, one) => sum + one.margin, 0) / n;
  return { n, deceptive, interval: wilson(deceptive, n), margin };
}
