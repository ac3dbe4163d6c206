import { closeSync, fstatSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { torch, type DType, type Tensor } from '../torch';
import { InputError, quoted } from '../files/input-error';
import { fileError } from '../files/json-file';
import { openToRead } from '../files/open-file';
import { headerLength, parseHeader, storedType, type SafetensorsHeader, type TensorInfo } from './safetensors-header';
import { writeAside } from '../files/write-aside';

/** An open safetensors file: the header is checked, the data is mapped and read when a tensor is asked for. */
export interface SafetensorsFile {
  readonly path: string;
  /** Names in the order of the data. */
  readonly names: string[];
  readonly metadata: Map<string, string>;
  has(name: string): boolean;
  /** @throws InputError when the file has no tensor of that name. */
  info(name: string): TensorInfo;
  /**
   * The tensor, on the CPU. Where the file's alignment allows it no bytes are copied: the tensor lies in a private
   * copy-on-write mapping of the file, which lives as long as the tensor does. The file must not be shortened meanwhile.
   */
  tensor(name: string): Tensor;
  /** Every tensor whose name begins so, by what follows. */
  under(prefix: string): Map<string, Tensor>;
  /** Lets go of the mapping; tensors already handed out stay valid. */
  dispose(): void;
}

/**
 * Opens a safetensors file and checks its whole header.
 * @throws InputError, one line that names the file and the tensor, for anything that is not as the format says.
 */
export function openSafetensors(path: string): SafetensorsFile {
  const file = basename(path);
  const { tensors, metadata } = readHeader(path, file);
  const mapping = torch.mapFile(path);
  const info = (name: string): TensorInfo => {
    const found = tensors.get(name);
    if (!found) throw new InputError(`${file}: has no tensor ${quoted(name)}`);
    return found;
  };
  const names = [...tensors.values()].sort((a, b) => a.begin - b.begin).map((tensor) => tensor.name);
  const tensor = (name: string): Tensor => readTensor(mapping, info(name), file);
  return {
    path,
    metadata,
    names,
    has: (name) => tensors.has(name),
    info,
    tensor,
    under: (prefix) =>
      new Map(names.filter((name) => name.startsWith(prefix)).map((name) => [name.slice(prefix.length), tensor(name)])),
    dispose: () => mapping.dispose(),
  };
}

function readHeader(path: string, file: string): SafetensorsHeader {
  let handle: number | undefined;
  try {
    handle = openToRead(path);
    const stat = fstatSync(handle);
    const length = headerLength(readAt(handle, 0, Math.min(8, stat.size)), stat.size, file);
    return parseHeader(readAt(handle, 8, length), stat.size, file);
  } catch (thrown) {
    throw fileError(thrown, path);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function readAt(handle: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const got = readSync(handle, bytes, done, length - done, position + done);
    if (got === 0) throw new InputError(`file ends at byte ${position + done} while it is being read`);
    done += got;
  }
  return bytes;
}

function readTensor(mapping: ReturnType<typeof torch.mapFile>, info: TensorInfo, file: string): Tensor {
  const { dtype, shape, begin, end } = info;
  if (begin === end) return torch.zeros(shape, { dtype });
  if (dtype === 'bool')
    return torch.fromBytes(checkedBooleans(mapping.bytes(begin, end - begin), info, file), { dtype, shape });
  // Files written by others may put data at any byte; the processor's loads need the element's alignment.
  if (begin % storedType(dtype).itemSize === 0) return mapping.tensor(begin, dtype, shape);
  return torch.fromBytes(mapping.bytes(begin, end - begin), { dtype, shape });
}

/** Bytes other than 0 and 1 are no booleans to C++. */
function checkedBooleans(bytes: Uint8Array, info: TensorInfo, file: string): Uint8Array {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined)
    throw new InputError(`${file}: tensor ${quoted(info.name)} is BOOL but holds the byte ${wrong}`);
  return bytes;
}

/** Bytes handed from libtorch to the disk at a time. */
const CHUNK_BYTES = 64 * 2 ** 20;

/** A tensor that is made when its turn comes, and let go of once it is written. */
export interface LaterTensor {
  dtype: DType;
  shape: readonly number[];
  make(): Tensor;
}

/**
 * Writes tensors as a safetensors file, aside and renamed, so that a crash leaves the old file or the new one. Data is
 * ordered by falling element size and then by name, as Python's writer does, which keeps every tensor aligned.
 * @throws InputError for a dtype that the format does not have.
 */
export function saveSafetensors(
  path: string,
  tensors: Map<string, Tensor>,
  metadata: Record<string, string> | Map<string, string> = {},
): void {
  const later = [...tensors].map(([name, tensor]): [string, LaterTensor] => [
    name,
    { dtype: tensor.dtype, shape: tensor.shape, make: () => tensor },
  ]);
  streamSafetensors(path, new Map(later), metadata instanceof Map ? Object.fromEntries(metadata) : metadata);
}

/** The same for tensors of which only one at a time has to fit into memory; each is made in a scope of its own. */
export function streamSafetensors(
  path: string,
  tensors: ReadonlyMap<string, LaterTensor>,
  metadata: Record<string, string>,
): void {
  const sizeOf = (tensor: LaterTensor): number => storedType(tensor.dtype).itemSize;
  const order = [...tensors].sort(([a, first], [b, second]) => sizeOf(second) - sizeOf(first) || (a < b ? -1 : 1));
  const header = encodeHeader(order, metadata);
  writeAside(path, (append) => {
    append(header);
    for (const [, tensor] of order) torch.scope(() => appendTensor(tensor.make(), append));
  });
}

function encodeHeader(order: [string, LaterTensor][], metadata: Record<string, string>): Uint8Array {
  const entries = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) entries.set('__metadata__', metadata);
  let at = 0;
  for (const [name, { dtype, shape }] of order) {
    if (name === '__metadata__') throw new InputError('safetensors: a tensor cannot be called __metadata__');
    const { code, itemSize } = storedType(dtype);
    const end = at + shape.reduce((product, size) => product * size, itemSize);
    entries.set(name, { dtype: code, shape, data_offsets: [at, end] });
    at = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)), 'utf8');
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(header, 8);
  return header;
}

/** Streams one tensor, so that saving needs little more memory than the tensors already take. */
function appendTensor(tensor: Tensor, append: (bytes: Uint8Array) => void): void {
  const items = Math.max(1, Math.floor(CHUNK_BYTES / storedType(tensor.dtype).itemSize));
  torch.scope(() => {
    const flat = tensor.detach().reshape([-1]);
    const total = flat.numel();
    for (let begin = 0; begin < total; begin += items) {
      torch.scope(() => append(flat.slice(0, begin, Math.min(begin + items, total), 1).bytes()));
    }
  });
}
