/** The two ways in which SentencePiece cuts a normalised text into pieces. */
import { Heap } from '../heap';
import { PieceType, type SentencePieceModel } from './model-file';
import { characterAt, type PrefixMatcher } from './normalizer';

/** A piece of the text, and its id; the unknown piece's where it is none. */
export interface Cut {
  text: string;
  id: number;
}

export type Cutter = (normalized: string) => Cut[];

/**
 * Ids of the pieces that text can become: unknown, control and byte pieces are not found in text, nor is a zero byte that
 * has a byte piece (as in SentencePiece since 0.2.2).
 */
export function textPieces({ pieces, byteIds }: SentencePieceModel): Map<string, number> {
  const found: number[] = [PieceType.normal, PieceType.userDefined, PieceType.unused];
  return new Map(
    pieces.flatMap(({ text, type }, id) =>
      found.includes(type) && !(byteIds && text === '\0') ? [[text, id] as const] : [],
    ),
  );
}

interface Symbol {
  text: string;
  prev: number;
  next: number;
  /** Defined by the user: never merged. */
  frozen: boolean;
}

interface Merge {
  left: number;
  right: number;
  score: number;
  text: string;
}

/** Byte-pair encoding (bpe_model.cc): the pair whose piece has the highest score is joined first, of equals the leftmost. */
export function bpeCutter(model: SentencePieceModel, userDefined: PrefixMatcher): Cutter {
  const ids = textPieces(model);
  const idOf = (text: string): number => ids.get(text) ?? model.unkId;
  return (normalized) => {
    const symbols = symbolsOf(normalized, userDefined);
    const agenda = new Heap<Merge>((a, b) => a.score > b.score || (a.score === b.score && a.left < b.left));
    // Unused pieces serve on the way and are taken apart again at the end.
    const parts = new Map<string, [string, string]>();
    const consider = (left: number, right: number): void => {
      const [a, b] = [symbols[left], symbols[right]];
      if (!a || !b || a.frozen || b.frozen) return;
      const text = a.text + b.text;
      const id = ids.get(text);
      if (id === undefined) return;
      agenda.push({ left, right, text, score: model.pieces[id].score });
      if (model.pieces[id].type === PieceType.unused) parts.set(text, [a.text, b.text]);
    };
    for (let i = 1; i < symbols.length; i++) consider(i - 1, i);
    for (let merge; (merge = agenda.pop());) {
      const [left, right] = [symbols[merge.left], symbols[merge.right]];
      if (left.text === '' || right.text === '' || left.text.length + right.text.length !== merge.text.length) continue;
      left.text = merge.text;
      right.text = '';
      left.next = right.next;
      if (right.next >= 0) symbols[right.next].prev = merge.left;
      consider(left.prev, merge.left);
      consider(merge.left, left.next);
    }
    const apart = (text: string): Cut[] => {
      const id = idOf(text);
      const pair = model.pieces[id].type === PieceType.unused ? parts.get(text) : undefined;
      return pair ? pair.flatMap(apart) : [{ text, id }];
    };
    return symbols.flatMap(({ text }) => (text === '' ? [] : apart(text)));
  };
}

function symbolsOf(normalized: string, userDefined: PrefixMatcher): Symbol[] {
  const symbols: Symbol[] = [];
  for (let at = 0; at < normalized.length;) {
    const defined = userDefined(normalized, at);
    const text = defined ?? characterAt(normalized, at);
    at += text.length;
    const i = symbols.length;
    symbols.push({ text, frozen: defined !== undefined, prev: i - 1, next: at < normalized.length ? i + 1 : -1 });
  }
  return symbols;
}

/** What unknown text costs beside the worst piece (unigram_model.cc). */
const UNKNOWN_PENALTY = 10;

interface Best {
  score: number;
  start: number;
  id: number;
}

/** The unigram model (unigram_model.cc): the cut whose pieces' scores have the largest sum, by Viterbi's algorithm. */
export function unigramCutter(model: SentencePieceModel): Cutter {
  const ids = textPieces(model);
  const { pieces, unkId } = model;
  const longest = [...ids.keys()].reduce((most, { length }) => Math.max(most, length), 1);
  const scores = pieces.filter(({ type }) => type === PieceType.normal).map(({ score }) => score);
  const [least, most] = [
    scores.reduce((a, b) => Math.min(a, b), Infinity),
    scores.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const scoreOf = (id: number, text: string): number =>
    pieces[id].type === PieceType.userDefined ? Buffer.byteLength(text) * most - 0.1 : pieces[id].score;
  return (normalized) => {
    // By the place where a piece ends. Sums are rounded to single precision before they are compared, as SentencePiece
    // has done since 0.2.2; it decides which of two equal cuts is taken.
    const best: (Best | undefined)[] = Array.from({ length: normalized.length + 1 }, () => undefined);
    best[0] = { score: 0, start: 0, id: unkId };
    const offer = (start: number, end: number, id: number, score: number): void => {
      const sum = Math.fround((best[start]?.score ?? 0) + score);
      const before = best[end];
      if (!before || sum > before.score) best[end] = { score: sum, start, id };
    };
    for (let start = 0; start < normalized.length; start += characterAt(normalized, start).length) {
      const single = start + characterAt(normalized, start).length;
      let hasSingle = false;
      for (let end = single; end <= Math.min(normalized.length, start + longest); end++) {
        const text = normalized.slice(start, end);
        const id = ids.get(text);
        if (id === undefined || pieces[id].type === PieceType.unused) continue;
        offer(start, end, id, scoreOf(id, text));
        if (end === single) hasSingle = true;
      }
      if (!hasSingle) offer(start, single, unkId, least - UNKNOWN_PENALTY);
    }
    const cuts: Cut[] = [];
    for (let end = normalized.length; end > 0;) {
      const { start, id } = best[end] ?? { start: end - 1, id: unkId };
      cuts.push({ text: normalized.slice(start, end), id });
      end = start;
    }
    return cuts.reverse();
  };
}
