/**
 * The merges that a vocabulary of pieces implies, as transformers derives them (`generate_merges`): every cut of a token in
 * two that are tokens too, the best score first, then the longest first half.
 * @param scores of the tokens, in their order
 */
export function derivedMerges(tokens: readonly string[], scores: readonly number[]): [string, string][] {
  const scoreOf = new Map(tokens.map((token, id) => [token, scores[id]]));
  const merges: [string, string][] = [];
  let group: Cut[] = [];
  let score = NaN;
  const flush = (): void => {
    // Halves of equal lengths keep the order of their tokens.
    group.sort((a, b) => b.left - a.left || b.right - a.right);
    for (const { pair } of group) merges.push(pair);
    group = [];
  };
  for (const [token, own] of [...scoreOf].sort((a, b) => b[1] - a[1])) {
    if (own !== score) flush();
    score = own;
    addCuts(token, scoreOf, group);
  }
  flush();
  return merges;
}

interface Cut {
  pair: [string, string];
  /** Lengths of both halves, in characters. */
  left: number;
  right: number;
}

function addCuts(token: string, known: ReadonlyMap<string, number>, cuts: Cut[]): void {
  const first = cuts.length;
  let characters = 0;
  for (let at = 0; at < token.length; characters++) {
    if (at > 0) {
      const left = token.slice(0, at);
      const right = known.has(left) ? token.slice(at) : '';
      if (right !== '' && known.has(right)) cuts.push({ pair: [left, right], left: characters, right: 0 });
    }
    at += (token.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  for (let i = first; i < cuts.length; i++) cuts[i].right = characters - cuts[i].left;
}
