import type { Tokenizer } from './tokenizer';

/** What a decoder gives for bytes that are no whole character (yet). */
const INCOMPLETE = '\ufffd';

/**
 * Text of tokens that come one by one, in pieces that put together are the text of all of them. A character of several
 * tokens is held back until it is whole. Only the last few tokens are decoded each time, however long the text.
 */
export class TextStream {
  #ids: number[] = [];
  /** How many of `#ids` have been handed out; they stay for what a decoder makes of neighbours, such as spaces. */
  #shown = 0;

  constructor(private readonly tokenizer: Pick<Tokenizer, 'decode'>) {}

  /** The text that one more token adds; empty while a character is incomplete. */
  push(id: number): string {
    this.#ids.push(id);
    const added = this.#added();
    if (added === '' || added.endsWith(INCOMPLETE)) return '';
    this.#ids = this.#ids.slice(this.#shown);
    this.#shown = this.#ids.length;
    return added;
  }

  /** What was held back when nothing more comes. */
  end(): string {
    const added = this.#added();
    this.#shown = this.#ids.length;
    return added;
  }

  #added(): string {
    const before = this.tokenizer.decode(this.#ids.slice(0, this.#shown));
    return this.tokenizer.decode(this.#ids).slice(before.length);
  }
}
