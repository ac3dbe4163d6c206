import { InputError } from '../../files/input-error';
import { AddedTokens, type AddedToken } from '../added-tokens';
import type { TokenizerEngine } from '../tokenizer-engine';

import type { TokenizerJson } from './file';
import { cleaned, makeDecoder } from './decoders';
import { makeModel, type WordModel } from './models';
import { makeNormalizer } from './normalizers';
import { makePostProcessor, type PostProcessor } from './post-processors';
import { makePreTokenizer, type PreTokenizer } from './pre-tokenizers';

/** Runs a `tokenizer.json` as Python's `tokenizers` does: added tokens, normalizer, words, model, what goes around. */
export class TokenizerJsonEngine implements TokenizerEngine {
  readonly file = 'tokenizer.json';
  readonly size: number;
  readonly unkToken: string | null;
  readonly #ids: Map<string, number>;
  readonly #tokens: Map<number, string>;
  readonly #special: Set<string>;
  readonly #added: AddedTokens;
  readonly #words: PreTokenizer;
  readonly #idsOf: WordModel;
  readonly #around: PostProcessor;
  readonly #decode: (tokens: readonly string[]) => string;

  /**
   * @param added the tokens of tokenizer.json and of the files beside it
   * @throws InputError that names the stage and what is wrong with it or not supported
   */
  constructor(json: TokenizerJson, added: readonly AddedToken[], { cleanUpSpaces }: { cleanUpSpaces: boolean }) {
    const { model } = json;
    this.#ids = new Map(Object.entries(model.vocab));
    for (const { id, content } of added) this.#ids.set(content, id);
    this.#tokens = new Map([...this.#ids].map(([token, id]) => [id, token]));
    this.size = 1 + [...this.#ids.values()].reduce((most, id) => Math.max(most, id), -1);
    this.unkToken = model.unk_token === '' ? null : model.unk_token;
    this.#special = new Set(added.filter(({ special }) => special).map(({ content }) => content));
    this.#added = new AddedTokens(added, makeNormalizer(json.normalizer));
    this.#words = makePreTokenizer(json.pre_tokenizer);
    this.#idsOf = makeModel(model);
    this.#around = makePostProcessor(json.post_processor);
    const unknown = this.#around([]).find((id) => id === undefined || !this.#tokens.has(id));
    if (unknown !== undefined) {
      throw new InputError(`${this.file}: post_processor puts the id ${unknown} around a text, which is no token`);
    }
    const decode = makeDecoder(json.decoder);
    // As in transformers 5: to take spaces away harms the text of a BPE model.
    this.#decode = cleanUpSpaces && model.type !== 'BPE' ? (tokens) => cleaned(decode(tokens)) : decode;
  }

  encode(text: string, { add_special_tokens }: { add_special_tokens: boolean }): { ids: (number | undefined)[] } {
    const ids: (number | undefined)[] = [];
    for (const section of this.#added.split(text)) {
      if ('id' in section) ids.push(section.id);
      else for (const word of this.#words(section)) for (const id of this.#idsOf(word.text)) ids.push(id);
    }
    return { ids: add_special_tokens ? this.#around(ids) : ids };
  }

  decode(ids: number[], { skip_special_tokens }: { skip_special_tokens: boolean }): string {
    const tokens = ids.flatMap((id) => this.#tokens.get(id) ?? []);
    return this.#decode(skip_special_tokens ? tokens.filter((token) => !this.#special.has(token)) : tokens);
  }

  token_to_id(token: string): number | undefined {
    return this.#ids.get(token);
  }

  id_to_token(id: number): string | undefined {
    return this.#tokens.get(id);
  }
}
