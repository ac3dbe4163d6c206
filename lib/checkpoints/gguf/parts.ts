import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { ggufPart, ggufParts } from '../../files/gguf-parts';
import { InputError, quoted } from '../../files/input-error';
import { readGgufHeader, type GgufHeader } from './header';

/** One file of a model. */
export interface GgufPart {
  readonly path: string;
  readonly header: GgufHeader;
}

/**
 * Reads the headers of a GGUF file: one, or those of all parts where the file says that it is the first of several.
 * @param path of the file, or of the first part
 * @throws InputError, one line, also where parts are missing, of another file, or share a tensor
 */
export function readGgufParts(path: string): GgufPart[] {
  const header = readGgufHeader(path);
  const count = header.metadata.number('split.count') ?? 1;
  if (count <= 1) return [{ path, header }];
  const paths = requireFirst(path, header, count);
  const parts = paths.map((each, i) => (i === 0 ? { path, header } : readPart(each, i, paths)));
  requireOnce(parts, header.metadata.number('split.tensors.count'));
  return parts;
}

function requireFirst(path: string, { metadata }: GgufHeader, count: number): string[] {
  const named = ggufPart(path);
  const is = `${basename(path)}: is one of ${count} parts`;
  if (named?.count !== count)
    throw new InputError(
      `${is}, whose names have to end in -00001-of-${String(count).padStart(5, '0')}.gguf and so on`,
    );
  const paths = ggufParts(path);
  if (metadata.number('split.no') !== 0 || named.part !== 1)
    throw new InputError(`${is}; name the first, ${basename(paths[0])}`);
  return paths;
}

function readPart(path: string, place: number, paths: readonly string[]): GgufPart {
  const where = `${basename(path)}: `;
  const what = `part ${place + 1} of ${paths.length} of ${basename(paths[0])}`;
  if (!existsSync(path)) throw new InputError(`${where}no such file; it is ${what}`);
  const header = readGgufHeader(path);
  const { metadata } = header;
  if (metadata.number('split.no') !== place || metadata.number('split.count') !== paths.length)
    throw new InputError(`${where}wanted ${what}, but it does not say that it is`);
  return { path, header };
}

function requireOnce(parts: readonly GgufPart[], wanted: number | undefined): void {
  const places = new Map<string, string>();
  for (const { path, header } of parts) {
    for (const name of header.tensors.keys()) {
      const other = places.get(name);
      if (other !== undefined)
        throw new InputError(`${basename(path)}: the tensor ${quoted(name)} stands in ${other} too`);
      places.set(name, basename(path));
    }
  }
  if (wanted !== undefined && wanted !== places.size)
    throw new InputError(
      `${basename(parts[0].path)}: has ${places.size} tensors in ${parts.length} parts; wanted ${wanted}`,
    );
}
