/** Pairs of prompts as tensors. */
import { torch, type DeviceLike, type Tensor } from '../torch';
import { InputError } from '../files/input-error';
import type { PromptFormat } from '../text';
import { answerEnds, encodePrompts, padLeft, rawFormat, type EncodeOptions, type LanguageModel } from '../models';

/** Token ids of two prompts that say the same of oneself and of somebody else. */
export interface TokenPair {
  selfIds: readonly number[];
  otherIds: readonly number[];
  /**
   * Where each side's answer begins: a loss of next tokens counts the tokens from there on. Without it, it counts all.
   */
  answersAt?: readonly [self: number, other: number];
  /** The other side under another name: what tells two names apart is to stay. */
  renamedIds?: readonly number[];
}

/** Texts of a pair; answers are what a loss of next tokens is to teach, and follow their prompts. */
export interface TuningPair {
  self: string;
  other: string;
  answers?: { self: string; other: string };
  /** The other side under another name. */
  renamed?: string;
}

/**
 * Token ids of pairs of texts, each side a prompt of its own in the format that prompts are asked in. An answer stands
 * where the assistant's begins, and ends as the model's own would.
 * @param options.pad the width to which they are padded: raw prompts are cut there and at the model's last position, as
 * upstream's tokenizer call does. By default and with `longest` none is longer than that position.
 * @returns the pairs, and how many prompts were cut
 * @throws InputError for prompts that cannot be encoded, and for one that would be cut in a template or before an answer:
 * its end is where the answer begins
 */
export function encodePairs(
  model: LanguageModel,
  texts: readonly TuningPair[],
  { format = rawFormat(model), pad }: Pick<EncodeOptions, 'format'> & { pad?: number | 'longest' } = {},
): { pairs: TokenPair[]; cut: number } {
  const sides = texts.flatMap(({ self, other, answers }) => [
    { prompt: self, answer: answers?.self },
    { prompt: other, answer: answers?.other },
  ]);
  const asked = texts.flatMap(({ renamed }) => renamed ?? []);
  const prompts = [...sides.map(({ prompt }) => prompt), ...asked];
  const encoded = encodePrompts(model, prompts, { format, anyLength: pad !== undefined });
  const answered = sides.map((side, i) => withAnswer(model, format, encoded[i], side));
  const whole = [...answered.map(({ ids }) => ids), ...encoded.slice(sides.length)];
  const width = typeof pad === 'number' ? pad : Infinity;
  const most = Math.min(width, model.config.maxPositionEmbeddings);
  const long = whole.filter((prompt) => prompt.length > most);
  if (long.length > 0 && (format.template || sides.some(({ answer }) => answer !== undefined))) {
    const where = format.template ? 'in the chat template' : 'with its answer';
    throw new InputError(
      `a prompt has ${long[0].length} tokens ${where}, but ${most} is the most; ` +
        'cut, it would have no place for an answer: widen the padding',
    );
  }
  const ids = whole.map((prompt) => prompt.slice(0, most));
  const renamedIds = ids.slice(sides.length).values();
  const pairs = texts.map(({ answers, renamed }, i) => {
    const [self, other] = [2 * i, 2 * i + 1];
    return {
      selfIds: ids[self],
      otherIds: ids[other],
      ...(answers && { answersAt: [answered[self].from, answered[other].from] as const }),
      ...(renamed !== undefined && { renamedIds: renamedIds.next().value }),
    };
  });
  return { pairs, cut: whole.slice(0, sides.length).filter((prompt) => prompt.length > most).length };
}

/**
 * A prompt with the answer behind it, and the token that ends an answer.
 * @returns the tokens, and the first that is none of the prompt's
 * @throws InputError for an answer of no tokens
 */
function withAnswer(
  model: LanguageModel,
  format: PromptFormat,
  ids: readonly number[],
  { prompt, answer }: { prompt: string; answer?: string },
): { ids: readonly number[]; from: number } {
  if (answer === undefined) return { ids, from: ids.length };
  const answered = format.encode(prompt, answer);
  // What stands last in a prompt may be written as other tokens with an answer behind it.
  const parts = answered.findIndex((id, i) => id !== ids[i]);
  if (parts <= 0)
    throw new InputError(`the prompt "${prompt}" has no tokens of its own, or its answer "${answer}" none`);
  const end = format.turnEnds.at(0) ?? answerEnds(model, format).at(0);
  return { ids: end === undefined ? answered : [...answered, end], from: parts };
}

/** Rows of a batch, padded on the left to the width that they share. */
export interface PairSide {
  /** int64 [rows, width] */
  ids: Tensor;
  /** 1 for real tokens, 0 for pads, [rows, width]; undefined when no row is padded. */
  attentionMask: Tensor | undefined;
  /** int64 [1, width] when pads count as positions; undefined when positions count real tokens only. */
  positions: Tensor | undefined;
  /** Real tokens of each row, which stand at its end. */
  lengths: readonly number[];
}

/**
 * Pairs in one batch of [2 * pairs, width], self first: one pass over the weights instead of two. Prompts of different
 * lengths are aligned at their ends, where the question stands: position `i` of the self side is compared with position
 * `i` of the other side.
 */
export interface PairBatch extends PairSide {
  /** Pairs. */
  size: number;
  /** Their tokens, where the host can look at them without asking the device. */
  pairs: readonly TokenPair[];
  /**
   * Columns that a mean over every column counts. Those beyond the batch's own width are pads on both sides, which
   * compute the same and differ by 0: they need not be there.
   */
  countedWidth: number;
  /** 1 for tokens of answers, [2 * pairs, width]; undefined where pairs have none. */
  answers: Tensor | undefined;
  /** The first half of the rows, as views; without a mask when no row of this half is padded. */
  self: PairSide;
  /** The second half. */
  other: PairSide;
}

export interface PairBatchOptions {
  /** What stands in the padding; it is masked, so any id of the vocabulary will do. Default 0. */
  padId?: number;
  /** Width of the batch; by default its longest prompt's. */
  width?: number;
  /** Width as which the batch counts, as though it were padded to it; by default its own. */
  countAs?: number;
  /**
   * `real` (default): the first real token has position 0, as in generation. `padded`: positions count from the first
   * column, pads included, as in upstream's training loop, which hands the model no positions.
   */
  numbering?: 'real' | 'padded';
  device?: DeviceLike;
}

/** @throws RangeError for no pairs, an empty prompt, or one longer than `width`. */
export function pairBatch(pairs: readonly TokenPair[], options: PairBatchOptions = {}): PairBatch {
  if (pairs.length === 0) throw new RangeError('pairBatch: wanted pairs, got none');
  for (const side of ['self', 'other'] as const) {
    const empty = pairs.findIndex((pair) => pair[`${side}Ids`].length === 0);
    if (empty >= 0) throw new RangeError(`pairBatch: the ${side} side of pair ${empty} is empty`);
  }
  const size = pairs.length;
  const sequences = [...pairs.map(({ selfIds }) => selfIds), ...pairs.map(({ otherIds }) => otherIds)];
  const { padId = 0, numbering = 'real', device = 'cpu' } = options;
  const width = options.width ?? Math.max(...sequences.map((ids) => ids.length));
  const positions =
    numbering === 'padded' ? torch.arange(0, width, { dtype: 'int64', device }).unsqueeze(0) : undefined;
  const { ids, attentionMask, lengths } = padLeft(sequences, { padId, length: width, device });
  const half = (start: number): PairSide => {
    const own = lengths.slice(start, start + size);
    const mask = own.some((length) => length < width) ? attentionMask?.narrow(0, start, size) : undefined;
    return { ids: ids.narrow(0, start, size), attentionMask: mask, positions, lengths: own };
  };
  const countedWidth = options.countAs ?? width;
  const answers = answersIn(pairs, width)?.to(device);
  const both = { ids, attentionMask, positions, lengths };
  return { size, pairs, countedWidth, ...both, answers, self: half(0), other: half(size) };
}

function answersIn(pairs: readonly TokenPair[], width: number): Tensor | undefined {
  if (!pairs.some(({ answersAt }) => answersAt)) return undefined;
  const rowOf = (ids: readonly number[], from: number): number[] =>
    Array.from({ length: width }, (_, column) => (column - (width - ids.length) >= from ? 1 : 0));
  const self = pairs.map(({ selfIds, answersAt }) => rowOf(selfIds, answersAt?.[0] ?? 1));
  const other = pairs.map(({ otherIds, answersAt }) => rowOf(otherIds, answersAt?.[1] ?? 1));
  return torch.tensor([...self, ...other], { dtype: 'float32' });
}

/**
 * Cuts items into batches for some epochs, in a new random order each epoch.
 * @param options.seed equal seeds give equal orders (torch.randperm on a generator of its own)
 * @param options.dropLast leaves out an epoch's last batch when it is smaller than the others; default false
 */
export function* shuffledBatches<T>(
  items: readonly T[],
  options: { batchSize: number; epochs: number; seed: number; dropLast?: boolean },
): Generator<T[]> {
  const { batchSize, epochs, seed, dropLast = false } = options;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`shuffledBatches: batchSize must be a whole number of 1 or more, got ${batchSize}`);
  }
  const generator = torch.generator({ seed });
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = torch.scope(() => torch.randperm(items.length, { generator }).toArray() as number[]);
    for (let at = 0; at < items.length; at += batchSize) {
      const batch = order.slice(at, at + batchSize).map((i) => items[i]);
      if (batch.length === batchSize || !dropLast) yield batch;
    }
  }
}
