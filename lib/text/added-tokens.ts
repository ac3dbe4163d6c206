import { InputError, shown } from '../files/input-error';
import { leadingSpace, trailingSpace, WORD } from './characters';

/** A token that is looked for in the text itself, before the model sees it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Left out of a decoded text when special tokens are. */
  readonly special: boolean;
  /** Whether it takes the white space in front of it and behind it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Whether it is found only where no word goes on. */
  readonly singleWord: boolean;
  /** Whether it is looked for in the normalised text, in its normalised spelling. */
  readonly normalized: boolean;
}

/** A part of a text: an added token, or what is between them. */
export type Section = { readonly id: number } | { readonly text: string; readonly first: boolean };

const endsWithWord = new RegExp(`[${WORD}]$`, 'u');
const startsWithWord = new RegExp(`^[${WORD}]`, 'u');

/** Finds added tokens in a text as Python's `tokenizers` does (added_vocabulary.rs). */
export class AddedTokens {
  readonly #raw: Finder;
  readonly #normalized: Finder;

  constructor(
    tokens: readonly AddedToken[],
    private readonly normalize: (text: string) => string,
  ) {
    this.#raw = finderOf(tokens.filter((token) => !token.normalized));
    this.#normalized = finderOf(
      tokens.filter((token) => token.normalized),
      normalize,
    );
  }

  /** Sections of a text, normalised; `first` is the one where the text begins. Empty ones are left out. */
  split(text: string): Section[] {
    return sectionsOf(text, true, this.#raw).flatMap((section) =>
      'id' in section ? [section] : sectionsOf(this.normalize(section.text), section.first, this.#normalized),
    );
  }
}

/** Finds the longest token that begins at a place of a text. */
type Finder = (text: string, at: number) => { token: AddedToken; length: number } | undefined;

function finderOf(tokens: readonly AddedToken[], spelled = (text: string) => text): Finder {
  const byFirst = new Map<string, { token: AddedToken; spelling: string }[]>();
  for (const token of tokens) {
    const spelling = spelled(token.content);
    if (spelling === '') continue;
    byFirst.set(spelling[0], [...(byFirst.get(spelling[0]) ?? []), { token, spelling }]);
  }
  for (const some of byFirst.values()) some.sort((a, b) => b.spelling.length - a.spelling.length);
  return (text, at) => {
    const found = byFirst.get(text[at])?.find(({ spelling }) => text.startsWith(spelling, at));
    return found && { token: found.token, length: found.spelling.length };
  };
}

function sectionsOf(text: string, first: boolean, find: Finder): Section[] {
  const sections: Section[] = [];
  let done = 0;
  const takeUpTo = (end: number): void => {
    if (done < end) sections.push({ text: text.slice(done, end), first: first && done === 0 });
  };
  for (let at = 0; at < text.length;) {
    const found = find(text, at);
    if (!found) {
      at++;
      continue;
    }
    const { token, length } = found;
    const end = at + length;
    if (!token.singleWord || !isInsideWord(text, at, end)) {
      // White space that the token before has taken is taken already.
      const start = token.lstrip ? Math.max(at - trailingSpace(text.slice(done, at)), done) : at;
      takeUpTo(start);
      sections.push({ id: token.id });
      done = token.rstrip ? end + leadingSpace(text.slice(end)) : end;
    }
    at = end;
  }
  takeUpTo(text.length);
  return sections;
}

const isInsideWord = (text: string, start: number, end: number): boolean =>
  endsWithWord.test(text.slice(Math.max(0, start - 2), start)) || startsWithWord.test(text.slice(end, end + 2));

/** What a tokenizer has of its own. */
export interface Vocabulary {
  /** The file's name, for messages. */
  readonly file: string;
  /** Ids of the model's own tokens. */
  readonly ids: ReadonlyMap<string, number>;
}

/**
 * The added tokens of a tokenizer and those that the files beside it name, which count where both name one. Tokens that
 * the vocabulary lacks have the ids that follow it, in their order, as Python gives them.
 * @throws InputError for a token whose id is not the one that Python would give
 */
export function withFurtherTokens(
  { file, ids }: Vocabulary,
  own: readonly AddedToken[],
  further: readonly (Omit<AddedToken, 'id'> & { readonly id?: number })[],
): AddedToken[] {
  const added = new Map<string, AddedToken>();
  const names = new Map([...ids].map(([content, id]) => [id, content]));
  let next = 1 + [...ids.values()].reduce((most, id) => Math.max(most, id), -1);
  const add = (token: Omit<AddedToken, 'id'> & { readonly id?: number }, where: string): void => {
    const { content } = token;
    const id = added.get(content)?.id ?? ids.get(content) ?? next;
    if ((token.id ?? id) !== id) {
      const holder = names.get(token.id ?? id);
      const why =
        holder === undefined || holder === content ? `its id in ${file} is ${id}` : `that is ${shown(holder)}`;
      throw new InputError(`${where} has ${shown(content)} as ${token.id}, but ${why}`);
    }
    next = Math.max(next, id + 1);
    names.set(id, content);
    added.set(content, { ...token, id });
  };
  for (const token of own) add(token, `${file}: added_tokens`);
  for (const token of further) {
    // A name alone changes nothing about a token that is known.
    if (token.id !== undefined || !added.has(token.content)) add(token, 'tokenizer_config.json: added_tokens_decoder');
  }
  return [...added.values()];
}
