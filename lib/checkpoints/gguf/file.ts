import { basename } from 'node:path';
import { dequantizeGgml, torch, type Tensor } from '../../torch';
import { InputError, quoted } from '../../files/input-error';
import { readGgufHeader, type GgufHeader, type GgufTensor } from './header';
import { GGML_TYPES, type GgmlType } from './types';

/** An open GGUF file: its header is checked, its numbers are mapped and read when a tensor is asked for. */
export interface GgufFile extends GgufHeader {
  readonly path: string;
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
 * Opens a GGUF file and checks its whole header.
 * @throws InputError, one line that names the file and the place
 */
export function openGguf(path: string): GgufFile {
  const header = readGgufHeader(path);
  const mapping = torch.mapFile(path);
  const tensor = (name: string): Tensor => {
    const info = header.tensors.get(name);
    if (!info) throw new InputError(`${basename(path)}: has no tensor ${quoted(name)}`);
    return readTensor(mapping, info);
  };
  return { ...header, path, tensor, dispose: () => mapping.dispose() };
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
