/** Names that somebody may have meant. */

import { distance as editDistance } from 'fastest-levenshtein';

/** The candidates nearest to a name, at most `most`: those of which a third of the letters or less differ. */
export function nearest(name: string, candidates: Iterable<string>, most = 3): string[] {
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(name.length, candidate.length) / 3)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}
