import { torch, type Generator, type Tensor } from '../torch';

/** How tokens are drawn. Filters work one after the other, in the order of transformers' `generate`. */
export interface SamplingOptions {
  /** Divides the logits; above 0, default 1. */
  temperature?: number;
  /** Only this many of the likeliest tokens (and those as likely as the last of them); default all. */
  topK?: number;
  /** Only the likeliest tokens that together have this probability, at least one; from 0 to 1, default 1. */
  topP?: number;
  /** The same seed draws the same tokens, whatever the batch size; default 0. A list gives each prompt its own. */
  seed?: number | readonly number[];
}

/** @throws RangeError that names the option which makes no sense for `count` prompts */
export function checkSampling({ temperature = 1, topK, topP = 1, seed = 0 }: SamplingOptions, count: number): void {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`generate: temperature must be a number above 0, got ${temperature}; greedy takes none`);
  }
  if (topK !== undefined && !(Number.isSafeInteger(topK) && topK >= 1)) {
    throw new RangeError(`generate: topK must be a whole number of 1 or more, got ${topK}`);
  }
  if (!(topP >= 0 && topP <= 1)) throw new RangeError(`generate: topP must be from 0 to 1, got ${topP}`);
  const wrong = [seed].flat().find((one) => !(Number.isSafeInteger(one) && one >= 0));
  if (wrong !== undefined) throw new RangeError(`generate: seed must be a whole number of 0 or more, got ${wrong}`);
  if (typeof seed !== 'number' && seed.length !== count) {
    throw new RangeError(`generate: ${count} prompts need as many seeds, got ${seed.length}`);
  }
}

/**
 * Makes tokens that were seen before less likely (Keskar et al. 2019): their logits are divided by the penalty where
 * positive and multiplied by it where negative.
 * @param logits float32 [rows, vocab]
 * @param seen the tokens of each row so far, the prompt's included; pads are not among them
 */
export function penalizeRepetition(logits: Tensor, seen: readonly (readonly number[])[], penalty: number): Tensor {
  const unique = seen.map((tokens) => [...new Set(tokens)]);
  const width = Math.max(...unique.map((tokens) => tokens.length));
  // Rows are filled up with their own first token: written twice, it gets the same value twice.
  const filled = unique.flatMap((tokens) => Array.from({ length: width }, (_, i) => tokens[i] ?? tokens[0]));
  const ids = torch.tensor(BigInt64Array.from(filled, BigInt), { shape: [seen.length, width], device: logits.device });
  const scores = logits.gather(1, ids);
  return logits.scatter(1, ids, torch.where(scores.lt(0), scores.mul(penalty), scores.div(penalty)));
}

/**
 * Temperature, then top-k, then top-p, with transformers' comparisons: what is out of the question becomes -infinity.
 * @param logits float32 [rows, vocab], and so is the result
 */
export function warpLogits(logits: Tensor, { temperature = 1, topK, topP = 1 }: SamplingOptions): Tensor {
  let scores = temperature === 1 ? logits : logits.div(temperature);
  if (topK !== undefined) scores = keepTopK(scores, Math.min(topK, scores.size(-1)));
  return topP < 1 ? keepTopP(scores, topP) : scores;
}

function keepTopK(scores: Tensor, k: number): Tensor {
  const [values] = torch.topk(scores, k);
  return scores.maskedFill(scores.lt(values.narrow(-1, k - 1, 1)), -Infinity);
}

function keepTopP(scores: Tensor, topP: number): Tensor {
  const [ascending, order] = scores.sort(-1, false);
  const outside = ascending
    .softmax(-1)
    .cumsum(-1)
    .le(1 - topP);
  outside.narrow(-1, -1, 1).fill_(false); // the likeliest token stays, however small topP is
  return scores.maskedFill(outside.scatter(-1, order, outside), -Infinity);
}

/**
 * One token per row, each with the probability that softmax gives it: the first whose cumulative probability exceeds the
 * row's uniform number.
 * @param scores float [rows, vocab]
 * @param uniforms one number in [0, 1) per row
 * @throws Error when a row has no probabilities, for NaN or infinity among its scores
 */
export function drawTokens(scores: Tensor, uniforms: readonly number[]): number[] {
  const cumulative = scores.softmax(-1).cumsum(-1, { dtype: 'float64' });
  const totals = cumulative.narrow(-1, -1, 1);
  const device = scores.device;
  // Below 1 by more than rounding, so that the product stays below the total.
  const below = uniforms.map((uniform) => [Math.min(uniform, 1 - 2 ** -52)]);
  const wanted = torch.tensor(below, { dtype: 'float64', device }).mul(totals);
  const found = torch.searchsorted(cumulative, wanted, { right: true });
  const [rows, sums] = readTogether(found, totals);
  requireNumbers(sums);
  return rows;
}

/**
 * The likeliest token of each row.
 * @throws Error when a row's largest logit is NaN
 */
export function likeliestTokens(scores: Tensor): number[] {
  const [largest, indices] = scores.max(-1);
  const [tokens, values] = readTogether(indices, largest);
  requireNumbers(values);
  return tokens;
}

/** Two tensors with one number for each row, in one copy from the device; float64 holds every token id. */
function readTogether(a: Tensor, b: Tensor): [number[], number[]] {
  const flat = [a, b].map((tensor) => tensor.view([-1]).to('float64'));
  return torch.stack(flat).toArray() as [number[], number[]];
}

function requireNumbers(values: readonly number[]): void {
  const row = values.findIndex((value) => Number.isNaN(value));
  if (row >= 0) throw new Error(`generate: the model's logits hold NaN or infinity (row ${row} of the batch)`);
}

/**
 * A source of uniform numbers for each of `count` prompts, so that what one draws does not depend on the others. From one
 * seed for all, the first prompts' are the same however many follow.
 */
export function uniformSources(seed: number | readonly number[], count: number): (() => number)[] {
  const seeds = typeof seed === 'number' ? drawSeeds(seed, count) : seed;
  return seeds.map((own) => {
    let generator: Generator | undefined; // made when first used: a state takes 5 kB
    return () => {
      generator ??= torch.generator({ seed: own });
      return torch.scope(() => torch.rand([], { generator, dtype: 'float64' }).item<number>());
    };
  });
}

function drawSeeds(seed: number, count: number): number[] {
  const generator = torch.generator({ seed });
  return torch.scope(() => torch.randint(2 ** 32, [count], { generator, dtype: 'int64' }).toArray()) as number[];
}
