/** The models of a tokenizer.json: words to ids. */
import { bpeModel } from './bpe';
import type { ModelJson } from './file';

/** Ids of a word; undefined where there is neither a token nor an unknown token. */
export type WordModel = (word: string) => readonly (number | undefined)[];

export function makeModel(model: ModelJson): WordModel {
  const { vocab, unk_token: unk } = model;
  if (model.type === 'BPE') {
    return bpeModel({
      vocab,
      merges: model.merges ?? [],
      unkToken: unk,
      byteFallback: model.byte_fallback ?? false,
      fuseUnk: model.fuse_unk ?? false,
      ignoreMerges: model.ignore_merges ?? false,
      continuingPrefix: model.continuing_subword_prefix ?? '',
      endSuffix: model.end_of_word_suffix ?? '',
    });
  }
  const ids = new Map(Object.entries(vocab));
  const unknown = unk === null ? undefined : ids.get(unk);
  if (model.type === 'WordLevel') return (word) => [ids.get(word) ?? unknown];
  const prefix = model.continuing_subword_prefix ?? '##';
  const longest = model.max_input_chars_per_word ?? 100;
  return (word) => wordPieces(word, { ids, prefix, longest }) ?? [unknown];
}

interface WordPieceSettings {
  ids: ReadonlyMap<string, number>;
  prefix: string;
  /** Characters of the longest word that is cut; longer ones are unknown. */
  longest: number;
}

/** WordPiece: the longest token that the rest of the word begins with, again and again. */
function wordPieces(word: string, { ids, prefix, longest }: WordPieceSettings): number[] | undefined {
  const characters = Array.from(word);
  if (characters.length > longest) return undefined;
  const found: number[] = [];
  for (let start = 0; start < characters.length;) {
    let end = characters.length;
    let id: number | undefined;
    for (; end > start; end--) {
      id = ids.get((start > 0 ? prefix : '') + characters.slice(start, end).join(''));
      if (id !== undefined) break;
    }
    if (id === undefined) return undefined;
    found.push(id);
    start = end;
  }
  return found;
}
