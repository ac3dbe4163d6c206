/**
 * The merges that a vocabulary of pieces implies, as transformers derives them (`generate_merges`): every cut of a token in
 * two that are tokens too, the best score first, then the longest first half.
 * @param scores of the tokens, in their order
 */
export function derivedMerges(tokens: readonly string[], scores: readonly number[]): [string, string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const scoreOf = new Map(tokens.map((token, id) => [token, scores[id]]));
  const merges: Merge[] = [];
  for (const [token, score] of scoreOf) {
    const cuts = cutsOf(token, ids);
    // Of equals the order of their ids stays, as both sorts are stable.
    cuts.sort((a, b) => a.leftId - b.leftId || a.rightId - b.rightId);
    for (const cut of cuts) merges.push({ ...cut, score });
  }
  merges.sort((a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength);
  return merges.map(({ left, right }) => [left, right]);
}

interface Cut {
  left: string;
  right: string;
  leftId: number;
  rightId: number;
  /** In characters. */
  leftLength: number;
  rightLength: number;
}

interface Merge extends Cut {
  score: number;
}

function cutsOf(token: string, ids: ReadonlyMap<string, number>): Cut[] {
  const characters = Array.from(token);
  const cuts: Cut[] = [];
  let at = 0;
  for (let leftLength = 1; leftLength < characters.length; leftLength++) {
    at += characters[leftLength - 1].length;
    const left = token.slice(0, at);
    const leftId = ids.get(left);
    if (leftId === undefined) continue;
    const right = token.slice(at);
    const rightId = ids.get(right);
    if (rightId === undefined) continue;
    cuts.push({ left, right, leftId, rightId, leftLength, rightLength: characters.length - leftLength });
  }
  return cuts;
}
