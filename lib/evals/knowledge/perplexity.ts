/** Perplexity of texts that a model was not tuned on: what is left of the language itself. */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { InputError } from '../../files/input-error';
import type { LanguageModel } from '../../models';
import type { Tokenizer } from '../../text';
import { negativeLogLikelihood } from '../likelihood';

export interface PerplexityOptions {
  /** Most tokens of one pass; default 512, and never more than the model has positions for. */
  window?: number;
  /** Looked at between two windows. */
  signal?: AbortSignal;
}

export interface Perplexity {
  /** Over all scored tokens: exp of their mean negative log-likelihood. */
  mean: number;
  /** Of each text. */
  texts: number[];
  /** Scored tokens. */
  tokens: number;
}

/**
 * Each text by itself, as the tokenizer encodes it with its special tokens; the first token is not scored. A text longer
 * than the window is read in windows that go on by half of it: every token is scored once, in the first window that holds
 * it, so that all but those of the first window see at least half a window before them. Log-probabilities are float32.
 * @throws InputError for no texts, or one in which no token can be scored
 */
export async function perplexity(
  model: LanguageModel,
  tokenizer: Tokenizer,
  texts: readonly string[],
  { window = 512, signal }: PerplexityOptions = {},
): Promise<Perplexity> {
  if (texts.length === 0) throw new InputError('perplexity: wanted texts, got none');
  const size = Math.min(window, model.config.maxPositionEmbeddings);
  if (size < 2) throw new InputError(`perplexity: wanted a window of 2 tokens or more, got ${size}`);
  const sums: { loss: number; tokens: number }[] = [];
  for (const [i, text] of texts.entries()) {
    const ids = tokenizer.encode(text);
    if (ids.length < 2) throw new InputError(`perplexity: text ${i} has ${ids.length} tokens, too few to score one`);
    let loss = 0;
    for (const { start, end, from } of windowsOf(ids.length, size)) {
      await eventLoopTurn();
      signal?.throwIfAborted();
      loss += negativeLogLikelihood(model, ids.slice(start, end), from - start);
    }
    sums.push({ loss, tokens: ids.length - 1 });
  }
  const total = (part: 'loss' | 'tokens'): number => sums.reduce((sum, one) => sum + one[part], 0);
  return {
    mean: Math.exp(total('loss') / total('tokens')),
    texts: sums.map(({ loss, tokens }) => Math.exp(loss / tokens)),
    tokens: total('tokens'),
  };
}

/** Where each window begins and ends, and from which token on it scores. */
function windowsOf(length: number, size: number): { start: number; end: number; from: number }[] {
  const step = Math.floor(size / 2);
  const windows = [{ start: 0, end: Math.min(size, length), from: 1 }];
  for (let last = windows[0]; last.end < length; windows.push(last)) {
    const start = last.start + step;
    last = { start, end: Math.min(start + size, length), from: last.end };
  }
  return windows;
}
