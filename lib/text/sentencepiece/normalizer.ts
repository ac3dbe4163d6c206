/** What SentencePiece does to a text before it cuts it (normalizer.cc): its rule, its spaces, its first space. */
import { InputError } from '../../files/input-error';
import type { Normalization } from './model-file';

/** What stands for a space in pieces: U+2581. */
export const SPACE = '\u2581';

/** The longest of the texts that stands at a place of another text, or undefined. */
export type PrefixMatcher = (text: string, at: number) => string | undefined;

/** Of the texts the longest wins. */
export function prefixMatcher(texts: readonly string[]): PrefixMatcher {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  return (text, at) => longestFirst.find((one) => text.startsWith(one, at));
}

/** The character at a place: one or two UTF-16 units. */
export const characterAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0);

/** @param userDefined finds what the rule must leave as it is */
export function makeNormalizer(settings: Normalization, userDefined: PrefixMatcher): (text: string) => string {
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceAsSuffix, charsMap } = settings;
  const space = escapeWhitespaces ? SPACE : ' ';
  const rule = charsMap.length > 0 ? readCharsMap(charsMap) : undefined;
  const withSpaces = (text: string): string => {
    let out = '';
    // With extra spaces removed, the text begins as if one had been read.
    let afterSpace = removeExtraWhitespaces;
    for (const part of normalizedParts(text, rule, userDefined)) {
      const kept = afterSpace ? part.replace(/^ +/, '') : part;
      out += escapeWhitespaces ? kept.replaceAll(' ', SPACE) : kept;
      if (kept !== '') afterSpace = removeExtraWhitespaces && kept.endsWith(' ');
    }
    return out;
  };
  const holdsMore = (text: string): boolean =>
    [...normalizedParts(text, rule, userDefined)].some((part) => part !== ' ');
  return (text) => {
    let out = withSpaces(text);
    // Nothing, or nothing but spaces that go, gets no space of its own; what the rule takes away does, behind it.
    if (text === '' || (removeExtraWhitespaces && out === '' && !(whitespaceAsSuffix && holdsMore(text)))) return '';
    if (addDummyPrefix && !whitespaceAsSuffix) out = space + out;
    while (removeExtraWhitespaces && out.endsWith(space)) out = out.slice(0, -space.length);
    return addDummyPrefix && whitespaceAsSuffix ? out + space : out;
  };
}

function* normalizedParts(text: string, rule: CharsMap | undefined, userDefined: PrefixMatcher): Generator<string> {
  const bytes = rule && new TextEncoder().encode(text);
  for (let at = 0, byteAt = 0; at < text.length;) {
    const defined = userDefined(text, at);
    const found = defined === undefined && rule && bytes ? rule(bytes, byteAt) : undefined;
    const consumed =
      defined ?? (found ? decoder.decode(bytes?.subarray(byteAt, byteAt + found.length)) : characterAt(text, at));
    yield defined ?? found?.replacement ?? consumed;
    at += consumed.length;
    byteAt += found?.length ?? Buffer.byteLength(consumed);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The longest match of a rule at a place of UTF-8 text: its length in bytes, and what it becomes. */
type CharsMap = (bytes: Uint8Array, at: number) => { length: number; replacement: string } | undefined;

/** Words of the trie (Darts-clone's double array), as their bits say. */
const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const valueOf = (unit: number): number => unit & 0x7fffffff;
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0;
const offsetOf = (unit: number): number => ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;

/** A rule as the file holds it: the trie's size, the trie, and the replacements, each ended by a zero byte. */
function readCharsMap(blob: Uint8Array): CharsMap {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const trieBytes = blob.length >= 4 ? view.getUint32(0, true) : NaN;
  if (!(trieBytes >= 4 && trieBytes % 4 === 0 && 4 + trieBytes < blob.length)) {
    throw new InputError('tokenizer.model: the normalisation rule is damaged: its trie does not fit');
  }
  const trie = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = blob.subarray(4 + trieBytes);
  const replacementAt = (start: number): string => {
    const end = replacements.indexOf(0, start);
    return decoder.decode(replacements.subarray(start, end < 0 ? undefined : end));
  };
  return (bytes, at) => {
    let node = offsetOf(trie[0]);
    let found: { length: number; value: number } | undefined;
    for (let i = at; i < bytes.length; i++) {
      node ^= bytes[i];
      // Beyond the end there is undefined, which is no byte's label.
      const unit = trie[node];
      if (unit === undefined || labelOf(unit) !== bytes[i]) break;
      node ^= offsetOf(unit);
      if (hasLeaf(unit)) found = { length: i + 1 - at, value: valueOf(trie[node] ?? 0) };
    }
    return found && { length: found.length, replacement: replacementAt(found.value) };
  };
}
