/** Thoughts that a model writes before its answer, between the marks that its chat template knows. */
import type { Tokenizer } from './tokenizer';

/**
 * What opens a thought and what ends it: qwen3, smollm3, DeepSeek's and most others; Ministral's and Magistral's; Seed's;
 * Kimi's; and what prompts ask for by hand.
 */
const MARKS: readonly (readonly [opens: string, ends: string])[] = [
  ['<think>', '</think>'],
  ['[THINK]', '[/THINK]'],
  ['<seed:think>', '</seed:think>'],
  ['◁think▷', '◁/think▷'],
  ['<thinking>', '</thinking>'],
  ['<thought>', '</thought>'],
  ['<reasoning>', '</reasoning>'],
];

/** Where the first thought of a text begins, its mark included; null where there is none. */
export function thoughtIn(text: string): { start: number } | null {
  const starts = MARKS.map(([opens]) => text.indexOf(opens)).filter((at) => at >= 0);
  return starts.length > 0 ? { start: Math.min(...starts) } : null;
}

/** An answer without the thoughts before it. */
export interface Spoken {
  /** Where the answer begins in the text: behind the last mark that ends a thought. */
  start: number;
  /** Where it ends: before a thought that was never ended, or with the text. */
  end: number;
  /** Whether the text ends within a thought. */
  isThinking: boolean;
}

/**
 * What of an assistant's turn is said aloud. A thought that the prompt had opened shows by the mark that ends it; hand
 * the opening mark over with the text where it may never be ended.
 */
export function spokenIn(text: string): Spoken {
  const ends = MARKS.map(([, mark]) => [text.lastIndexOf(mark), mark.length]).filter(([at]) => at >= 0);
  const start = Math.max(0, ...ends.map(([at, length]) => at + length));
  const open = thoughtIn(text.slice(start));
  return { start, end: open ? start + open.start : text.length, isThinking: open !== null };
}

/**
 * The text of an answer's tokens as `decode` gives it, but with the marks of thoughts that are special tokens: without
 * them nobody could tell what was thought from what was said.
 */
export function decodeAnswer(tokenizer: Pick<Tokenizer, 'decode' | 'tokenId'>, ids: readonly number[]): string {
  const marks = new Map(
    MARKS.flat().flatMap((mark) => {
      const id = tokenizer.tokenId(mark);
      return id !== undefined && ids.includes(id) && tokenizer.decode([id]) === '' ? [[id, mark] as const] : [];
    }),
  );
  if (marks.size === 0) return tokenizer.decode(ids);
  let [text, from] = ['', 0];
  for (const [i, id] of ids.entries()) {
    const mark = marks.get(id);
    if (mark === undefined) continue;
    text += tokenizer.decode(ids.slice(from, i)) + mark;
    from = i + 1;
  }
  return text + tokenizer.decode(ids.slice(from));
}
