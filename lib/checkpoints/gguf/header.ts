import { closeSync, fstatSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { InputError, quoted } from '../../files/input-error';
import { fileError } from '../../files/json-file';
import { openToRead } from '../../files/open-file';
import { ByteCursor } from './byte-cursor';
import { Metadata, readMetadata } from './metadata';
import { GGML_TYPES, readableTypes, typeName } from './types';

/** One tensor of a GGUF file. `begin` and `end` count bytes from the start of the file. */
export interface GgufTensor {
  name: string;
  /** ggml's number of the type. */
  type: number;
  /** Outermost dimension first, as everywhere here; the file has it the other way round. */
  shape: number[];
  begin: number;
  end: number;
}

/** Everything in front of the numbers, checked. */
export interface GgufHeader {
  version: number;
  metadata: Metadata;
  /** In the file's order. */
  tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 'GGUF';
const VERSIONS = [2, 3];
const MOST_TENSORS = 2 ** 17;
const MOST_KEYS = 2 ** 16;
/** ggml's own bound. */
const MOST_DIMENSIONS = 4;
const DEFAULT_ALIGNMENT = 32;

/** Whether a path is a GGUF file's, in the place of a folder's: by its name, for a folder may be called as it likes. */
export const isGgufFile = (path: string): boolean =>
  /\.gguf$/i.test(path) && !statSync(path, { throwIfNoEntry: false })?.isDirectory();

/**
 * Reads what a GGUF file says about itself (versions 2 and 3, little-endian) and checks all of it, also that every tensor
 * lies within the file and on no other. Nothing of it is run, and the addon is not needed.
 * @throws InputError, one line that names the file and the place
 */
export function readGgufHeader(path: string): GgufHeader {
  let handle: number | undefined;
  try {
    handle = openToRead(path);
    const { size } = fstatSync(handle);
    return parse(new ByteCursor(handle, size, basename(path)), size);
  } catch (thrown) {
    throw fileError(thrown, path);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function parse(cursor: ByteCursor, fileLength: number): GgufHeader {
  const { file } = cursor;
  const magic = Buffer.from(cursor.take(4, 'its first four bytes')).toString('latin1');
  if (magic !== MAGIC) throw new InputError(`${file}: is not a GGUF file: it does not begin with ${MAGIC}`);
  const version = readVersion(cursor);
  const tensorCount = cursor.u64('the number of tensors');
  const keyCount = cursor.u64('the number of keys');
  if (tensorCount > MOST_TENSORS)
    throw new InputError(`${file}: would have ${tensorCount} tensors, more than the ${MOST_TENSORS} allowed`);
  if (keyCount > MOST_KEYS)
    throw new InputError(`${file}: would have ${keyCount} keys, more than the ${MOST_KEYS} allowed`);
  const metadata = new Metadata(readMetadata(cursor, keyCount), file);
  const alignment = alignmentOf(metadata);
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = readTensorInfo(cursor, i, alignment);
    if (tensors.has(tensor.name)) throw new InputError(`${file}: the tensor ${quoted(tensor.name)} stands there twice`);
    tensors.set(tensor.name, tensor);
  }
  const start = Math.ceil(cursor.at / alignment) * alignment;
  for (const tensor of tensors.values()) {
    tensor.begin += start;
    tensor.end += start;
  }
  checkRanges([...tensors.values()], fileLength, file);
  return { version, metadata, tensors };
}

function readVersion(cursor: ByteCursor): number {
  const version = cursor.u32('its version');
  if ((version & 0xffff) === 0 && version !== 0)
    throw new InputError(`${cursor.file}: is big-endian, which is not supported; wanted little-endian`);
  if (!VERSIONS.includes(version))
    throw new InputError(`${cursor.file}: is of version ${version}; wanted ${VERSIONS.join(' or ')}`);
  return version;
}

function alignmentOf(metadata: Metadata): number {
  const alignment = metadata.number('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (!(Number.isInteger(Math.log2(alignment)) && alignment >= 1 && alignment <= 2 ** 20))
    throw new InputError(`${metadata.file}: general.alignment is ${alignment}, which is no power of two up to 2^20`);
  return alignment;
}

/** Its place still counts from where the numbers begin. */
function readTensorInfo(cursor: ByteCursor, i: number, alignment: number): GgufTensor {
  const name = cursor.text(`the name of tensor ${i}`);
  const where = `${cursor.file}: tensor ${quoted(name)}`;
  const dimensions = cursor.u32(`tensor ${i}`);
  if (dimensions > MOST_DIMENSIONS)
    throw new InputError(`${where} has ${dimensions} dimensions, more than ${MOST_DIMENSIONS}`);
  const shape = Array.from({ length: dimensions }, () => cursor.u64(`a dimension of tensor ${i}`)).reverse();
  const type = cursor.u32(`the type of tensor ${i}`);
  const begin = cursor.u64(`the place of tensor ${i}`);
  const found = GGML_TYPES.get(type);
  if (!found)
    throw new InputError(`${where} is of type ${typeName(type)}, which is not supported; known are ${readableTypes()}`);
  if (begin % alignment !== 0)
    throw new InputError(`${where} begins at ${begin}, which is no multiple of the alignment ${alignment}`);
  const row = shape.at(-1) ?? 1;
  if (row % found.values !== 0)
    throw new InputError(`${where} has rows of ${row} numbers, but a block of ${found.name} has ${found.values}`);
  const bytes = shape.reduce((product, size) => product * BigInt(size), BigInt(found.bytes)) / BigInt(found.values);
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER - begin))
    throw new InputError(`${where} would take ${bytes} bytes, more than there are`);
  return { name, type, shape, begin, end: begin + Number(bytes) };
}

/** Tensors may leave gaps, as alignment asks for, but no two may share a byte. */
function checkRanges(tensors: GgufTensor[], fileLength: number, file: string): void {
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let before: GgufTensor | undefined;
  for (const tensor of tensors) {
    const where = `${file}: tensor ${quoted(tensor.name)}`;
    if (tensor.end > fileLength)
      throw new InputError(`${where} ends at byte ${tensor.end}, but the file has ${fileLength}; truncated?`);
    if (before && tensor.begin < before.end)
      throw new InputError(`${where} overlaps ${quoted(before.name)}: it begins at byte ${tensor.begin}, before ${before.end}`); // prettier-ignore
    if (tensor.end > tensor.begin) before = tensor;
  }
}
