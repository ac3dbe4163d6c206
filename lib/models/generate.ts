import { torch, type Tensor } from '../torch';
import type { GenerativeModel } from './causal-lm';

export interface GenerateOptions {
  maxNewTokens: number;
  /** Tokens after which a sequence stops; by default the model's own. `null`: never stop early. */
  eosId?: number | readonly number[] | null;
  /** Prompts decoded side by side; default 32. */
  batchSize?: number;
  /** Stops the work after the current token; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called for every new token; `prompt` is the prompt's index. */
  onToken?: (prompt: number, token: number) => void;
}

/**
 * Continues prompts greedily. Knows token ids only; the model may be anything that follows {@link GenerativeModel}.
 * @param ids prompts, none of them empty
 * @returns the new tokens of each prompt, in the prompts' order; the token that stopped a sequence is its last
 * @throws RangeError for an empty prompt or numbers that make no sense
 */
export async function generate(
  model: GenerativeModel,
  ids: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const { maxNewTokens, batchSize = 32 } = options;
  requireWhole('maxNewTokens', maxNewTokens, 0);
  requireWhole('batchSize', batchSize, 1);
  const empty = ids.findIndex((prompt) => prompt.length === 0);
  if (empty >= 0) throw new RangeError(`generate: prompt ${empty} is empty`);
  const outputs: number[][] = ids.map(() => []);
  if (maxNewTokens === 0) return outputs;
  // Prompts of like length share a batch, so that little is spent on padding.
  const order = ids.map((_, i) => i).sort((a, b) => lengthOf(ids, b) - lengthOf(ids, a) || a - b);
  for (let at = 0; at < order.length; at += batchSize) {
    await decodeBatch(model, ids, order.slice(at, at + batchSize), outputs, options);
  }
  return outputs;
}

/** Decodes the prompts named by `indices` until each has stopped, appending to `outputs`. */
async function decodeBatch(
  model: GenerativeModel,
  ids: readonly (readonly number[])[],
  indices: number[],
  outputs: number[][],
  { maxNewTokens, eosId = model.eosTokenIds, signal, onToken }: GenerateOptions,
): Promise<void> {
  const stops = new Set([eosId ?? []].flat());
  const done = indices.map(() => false);
  signal?.throwIfAborted();
  const prompts = indices.map((index) => ids[index]);
  const session = torch.scope(() => torch.inferenceMode(() => model.startDecoding(prompts, maxNewTokens)));
  try {
    let tokens = greedy(() => session.prefill());
    for (let made = 1; ; made++) {
      indices.forEach((index, row) => {
        if (done[row]) return;
        const token = tokens[row];
        outputs[index]?.push(token);
        done[row] = stops.has(token);
        onToken?.(index, token);
      });
      if (made === maxNewTokens || !done.includes(false)) return;
      await eventLoopTurn();
      signal?.throwIfAborted();
      const last = tokens;
      tokens = greedy(() => session.step(last));
    }
  } finally {
    session.dispose();
  }
}

/** The likeliest next token of each row; nothing made on the way outlives the step. */
function greedy(logits: () => Tensor): number[] {
  return torch.scope(() => torch.inferenceMode(() => logits().argmax(-1).toArray() as number[]));
}

/** Lets timers, signals and I/O through between tokens; without it an abort could never arrive. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function lengthOf(ids: readonly (readonly number[])[], index: number): number {
  return ids[index]?.length ?? 0;
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`generate: ${name} must be a whole number of ${least} or more, got ${value}`);
  }
}
