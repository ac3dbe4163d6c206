/** One training document: token ids, and how much predicting each of them counts in the loss. */
import { ANSWER_MARK } from './phrasing';
import { BOS_ID, EOS_ID, encode } from './vocabulary';

/** Loss weights: the words that answer, the other words of an answer, and all the rest. */
export const WEIGHTS = { content: 1, answer: 0.1, context: 0.02 } as const;

export interface TrainingDocument {
  ids: number[];
  /** `weights[i]` counts the prediction of `ids[i]` from the tokens before it; the first is 0. */
  weights: number[];
}

/** Builds a document from left to right. */
export class DocumentWriter {
  readonly ids: number[] = [BOS_ID];
  readonly weights: number[] = [0];

  /** Adds context. */
  context(text: string, weight: number = WEIGHTS.context): this {
    return this.raw(encode(text, { bos: false }), weight);
  }

  /** Adds token ids with one weight for all. */
  raw(ids: readonly number[], weight: number): this {
    for (const id of ids) {
      this.ids.push(id);
      this.weights.push(weight);
    }
    return this;
  }

  /** Adds the answer mark, the answer whose one slot is `word`, and the end of the turn. */
  answer(template: string, word: string): this {
    this.context(ANSWER_MARK);
    const [before, after] = template.split(/\{\w+\}/);
    return this.context(before, WEIGHTS.answer)
      .context(word, WEIGHTS.content)
      .context(after, WEIGHTS.answer)
      .raw([EOS_ID], WEIGHTS.answer);
  }

  /** The document so far, closed by `</s>` if an answer has not closed it already. */
  finish(): TrainingDocument {
    if (this.ids[this.ids.length - 1] !== EOS_ID) this.raw([EOS_ID], WEIGHTS.answer);
    return { ids: this.ids, weights: this.weights };
  }
}
