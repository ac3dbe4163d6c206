import { basename } from 'node:path';
import { dequantizeGgml, torch, type Tensor } from '../../torch';
import { InputError, quoted } from '../../files/input-error';
import type { GgufHeader, GgufTensor } from './header';
import { readGgufParts } from './parts';
import { GGML_TYPES, type GgmlType } from './types';

/**
 * An open GGUF file: its header is checked, its numbers are mapped and read when a tensor is asked for. Of a file in
 * several parts it has the first one's metadata and the tensors of all.
 */
export interface GgufFile extends GgufHeader {
  /** Of the file, or of its first part. */
  readonly path: string;
  /** The name of the file, or of the part, that a tensor lies in. */
  fileOf(name: string): string;
  /**
   * The tensor, on the CPU, under its own name: float32 for a block type, dequantised bit for bit as the Python package
   * `gguf` does; F32, F16 and BF16 as they lie in the mapping, which must not be shortened meanwhile.
   * @throws InputError when the file has no tensor of that name
   */
  tensor(name: string): Tensor;
  /** Lets go of the mapping; tensors already handed out stay valid. */
  dispose(): void;
}

/**
 * Opens a GGUF file, or the first part of one in several, and checks its whole header.
 * @throws InputError, one line that names the file and the place
 */
export function openGguf(path: string): GgufFile {
  const parts = readGgufParts(path);
  const tensors = new Map(parts.flatMap(({ header }) => [...header.tensors]));
  const places = new Map(parts.flatMap((part, i) => [...part.header.tensors.keys()].map((name) => [name, i] as const)));
  const mappings: ReturnType<typeof torch.mapFile>[] = [];
  const dispose = (): void => mappings.splice(0).forEach((mapping) => mapping.dispose());
  try {
    for (const part of parts) mappings.push(torch.mapFile(part.path));
  } catch (thrown) {
    dispose();
    throw thrown;
  }
  const place = (name: string): number => {
    const found = places.get(name);
    if (found === undefined) throw new InputError(`${basename(path)}: has no tensor ${quoted(name)}`);
    return found;
  };
  return {
    ...parts[0].header,
    tensors,
    path,
    fileOf: (name) => basename(parts[place(name)].path),
    tensor: (name) => readTensor(mappings[place(name)], tensors.get(name) as GgufTensor),
    dispose,
  };
}

function readTensor(mapping: ReturnType<typeof torch.mapFile>, { type, shape, begin, end }: GgufTensor): Tensor {
  const { stored, bytes } = GGML_TYPES.get(type) as GgmlType;
  if (stored === 'block')
    return torch.scope(() => dequantizeGgml(mapping.tensor(begin, 'uint8', [end - begin]), type).reshape(shape));
  if (begin === end) return torch.zeros(shape, { dtype: stored });
  // An alignment of one byte is allowed; the processor's loads need the element's.
  if (begin % bytes === 0) return mapping.tensor(begin, stored, shape);
  return torch.fromBytes(mapping.bytes(begin, end - begin), { dtype: stored, shape });
}
