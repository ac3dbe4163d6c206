import { z } from 'zod';
import type { DType } from '../torch';
import { InputError, quoted, shown } from '../files/input-error';
import { checkShape, parseJson } from '../files/json-file';

/** One tensor of a safetensors file. `begin` and `end` count bytes from the start of the file. */
export interface TensorInfo {
  name: string;
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  tensors: Map<string, TensorInfo>;
  metadata: Map<string, string>;
}

/** The format's own bound on the header, so that a damaged length cannot ask for the whole memory. */
export const HEADER_LIMIT = 100_000_000;

interface StoredType {
  code: string;
  dtype: DType;
  itemSize: number;
}

/** Type codes of the format and libtorch's name for each. */
const STORED_TYPES: StoredType[] = [
  { code: 'F64', dtype: 'float64', itemSize: 8 },
  { code: 'F32', dtype: 'float32', itemSize: 4 },
  { code: 'F16', dtype: 'float16', itemSize: 2 },
  { code: 'BF16', dtype: 'bfloat16', itemSize: 2 },
  { code: 'I64', dtype: 'int64', itemSize: 8 },
  { code: 'I32', dtype: 'int32', itemSize: 4 },
  { code: 'I16', dtype: 'int16', itemSize: 2 },
  { code: 'I8', dtype: 'int8', itemSize: 1 },
  { code: 'U8', dtype: 'uint8', itemSize: 1 },
  { code: 'BOOL', dtype: 'bool', itemSize: 1 },
  { code: 'U64', dtype: 'uint64', itemSize: 8 },
  { code: 'U32', dtype: 'uint32', itemSize: 4 },
  { code: 'U16', dtype: 'uint16', itemSize: 2 },
  { code: 'C64', dtype: 'complex64', itemSize: 8 },
  { code: 'F8_E4M3', dtype: 'float8_e4m3fn', itemSize: 1 },
  { code: 'F8_E5M2', dtype: 'float8_e5m2', itemSize: 1 },
  { code: 'F8_E4M3FNUZ', dtype: 'float8_e4m3fnuz', itemSize: 1 },
  { code: 'F8_E5M2FNUZ', dtype: 'float8_e5m2fnuz', itemSize: 1 },
];

const byCode = new Map(STORED_TYPES.map((type) => [type.code, type]));
const byDtype = new Map(STORED_TYPES.map((type) => [type.dtype, type]));

/**
 * How a dtype is stored.
 * @throws InputError for a dtype that the format has no code for.
 */
export function storedType(dtype: DType): StoredType {
  const type = byDtype.get(dtype);
  if (!type) throw new InputError(`safetensors: dtype ${dtype} has no place in the format`);
  return type;
}

const count = z
  .number({ error: (issue) => `must be a whole number, got ${shown(issue.input)}` })
  .refine((value) => Number.isSafeInteger(value) && value >= 0, {
    error: (issue) => `must be a whole number of 0 or more, got ${shown(issue.input)}`,
  });
// Fields that are not known are passed over, as Python passes them over.
const entrySchema = z.looseObject(
  {
    dtype: z.string({ error: (issue) => `must be text, got ${shown(issue.input)}` }),
    shape: z.array(count, { error: (issue) => `must be a list, got ${shown(issue.input)}` }),
    data_offsets: z.tuple([count, count], { error: (issue) => `must be [begin, end], got ${shown(issue.input)}` }),
  },
  { error: (issue) => `must be {dtype, shape, data_offsets}, got ${shown(issue.input)}` },
);
const metadataSchema = z
  .record(z.string(), z.string({ error: (issue) => `must be text, got ${shown(issue.input)}` }), {
    error: (issue) => `must be an object of text, got ${shown(issue.input)}`,
  })
  .nullable();

/**
 * The header's length from the first eight bytes of a file.
 * @throws InputError when the file cannot hold it.
 */
export function headerLength(start: Uint8Array, fileLength: number, file: string): number {
  if (start.length < 8) throw new InputError(`${file}: ${fileLength} bytes are too few for a safetensors file`);
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(HEADER_LIMIT)) {
    throw new InputError(`${file}: the header would be ${length} bytes, more than the ${HEADER_LIMIT} allowed`);
  }
  if (length > BigInt(fileLength - 8)) {
    throw new InputError(
      `${file}: the header is ${length} bytes, but the file ends after ${fileLength - 8}; truncated?`,
    );
  }
  return Number(length);
}

/**
 * Checks a safetensors header against the format and the file's size. Nothing in it is run or trusted: types, shapes
 * and ranges must agree with each other, ranges must neither overlap nor leave gaps, and the file must end with the
 * last one.
 * @param header the header's bytes, without the eight bytes of length before them.
 * @throws InputError that names the file and the tensor.
 */
export function parseHeader(header: Uint8Array, fileLength: number, file: string): SafetensorsHeader {
  const json = parseHeaderJson(header, file);
  const tensors = new Map<string, TensorInfo>();
  let metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      metadata = new Map(Object.entries(checkShape(metadataSchema, value, `${file}: __metadata__`) ?? {}));
    } else {
      tensors.set(name, parseEntry(name, value, 8 + header.length, file));
    }
  }
  checkRanges([...tensors.values()], 8 + header.length, fileLength, file);
  return { tensors, metadata };
}

function parseHeaderJson(header: Uint8Array, file: string): object {
  // The format asks for '{' in front, so that a header cannot be mistaken for something else.
  if (header[0] !== 0x7b) throw new InputError(`${file}: the header does not start with {; not a safetensors file`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw new InputError(`${file}: the header is not UTF-8 text`);
  }
  return parseJson(text, `${file}: the header`, { uniqueKeys: true }) as object;
}

function parseEntry(name: string, value: unknown, dataStart: number, file: string): TensorInfo {
  const where = `${file}: tensor ${quoted(name)}`;
  const entry = checkShape(entrySchema, value, where);
  const type = byCode.get(entry.dtype);
  if (!type)
    throw new InputError(`${where} has dtype ${shown(entry.dtype)}; known are ${[...byCode.keys()].join(', ')}`);
  if (entry.shape.length > 64) throw new InputError(`${where} has ${entry.shape.length} dimensions; libtorch takes 64`);
  const [begin, end] = entry.data_offsets;
  const wanted = entry.shape.reduce((product, size) => product * BigInt(size), BigInt(type.itemSize));
  if (begin > end) throw new InputError(`${where} has data_offsets [${begin}, ${end}], which end before they begin`);
  if (wanted !== BigInt(end - begin)) {
    const shape = `[${entry.shape.join(', ')}]`;
    throw new InputError(
      `${where} is ${entry.dtype} ${shape}, ${wanted} bytes, but its data_offsets span ${end - begin}`,
    );
  }
  return { name, dtype: type.dtype, shape: entry.shape, begin: dataStart + begin, end: dataStart + end };
}

/** Sorted by place, every range must start where the one before it ended, from the header's end to the file's. */
function checkRanges(tensors: TensorInfo[], dataStart: number, fileLength: number, file: string): void {
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = dataStart;
  let before = 'the header';
  for (const { name, begin, end } of tensors) {
    const where = `${file}: tensor ${quoted(name)}`;
    if (begin < at) throw new InputError(`${where} overlaps ${before}: it begins at byte ${begin}, before ${at}`);
    if (begin > at)
      throw new InputError(`${where} leaves a gap after ${before}: bytes ${at} to ${begin} belong to nothing`);
    if (end > fileLength) {
      throw new InputError(`${where} ends at byte ${end}, but the file has ${fileLength}; truncated?`);
    }
    at = end;
    before = `tensor ${quoted(name)}`;
  }
  if (at !== fileLength) {
    throw new InputError(`${file}: ${fileLength - at} bytes after ${before} belong to no tensor`);
  }
}
