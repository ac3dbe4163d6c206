/** The names of a GGUF file in several parts, as llama.cpp's `gguf-split` gives them: `NAME-00001-of-00003.gguf`. */
const PART = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/i;

/** Which part a name or path says that it is, from 1, and of how many; undefined for a file that is whole. */
export function ggufPart(path: string): { part: number; count: number } | undefined {
  const found = PART.exec(path);
  return found ? { part: Number(found[2]), count: Number(found[3]) } : undefined;
}

/** All parts of the file that a path stands for, in order: itself alone where its name says that it is whole. */
export function ggufParts(path: string): string[] {
  const found = PART.exec(path);
  if (!found) return [path];
  const [, name, , count, ending] = found;
  return Array.from({ length: Number(count) }, (_, i) => `${name}-${String(i + 1).padStart(5, '0')}-of-${count}${ending}`); // prettier-ignore
}

/** Of the names of GGUF files those by which a model is named: first parts stand for all of theirs. */
export const ggufHeads = (names: readonly string[]): string[] =>
  names.filter((name) => (ggufPart(name)?.part ?? 1) === 1);
