import { basename } from 'node:path';
import { torch, type Tensor } from '../../torch';
import { InputError, quoted } from '../../files/input-error';
import type { Weights } from '../sharded';
import { architectureOf, huggingFaceName, ROPE_TENSORS, type Architecture } from './architectures';
import type { GgufFile } from './file';
import type { GgufTensor } from './header';
import { GGML_TYPES } from './types';

/**
 * The weights of a GGUF file under Hugging Face's names, as transformers has them: block types as float32, rows of
 * queries and keys in the order of the model's own, gains of norms without the one that is added to them.
 * @throws InputError that names a tensor which the architecture has no place for
 */
export function ggufWeights(file: GgufFile): Weights {
  const name = basename(file.path);
  const architecture = architectureOf(file.metadata);
  const ours = new Map<string, GgufTensor>();
  for (const tensor of file.tensors.values()) {
    if (ROPE_TENSORS.some((rope) => rope === tensor.name)) continue;
    const found = huggingFaceName(tensor.name, architecture);
    if (found === undefined)
      throw new InputError(`${name}: tensor ${quoted(tensor.name)} has no place in ${architecture.name}`);
    ours.set(found, tensor);
  }
  const tensorOf = (wanted: string): GgufTensor => {
    const found = ours.get(wanted);
    if (!found) throw new InputError(`${name}: has no tensor ${quoted(wanted)}`);
    return found;
  };
  const restore = restorer(file, architecture);
  return {
    names: [...ours.keys()],
    info: (wanted) => {
      const { shape, begin, end, type, name: own } = tensorOf(wanted);
      const stored = GGML_TYPES.get(type)?.stored;
      const isFloat32 = stored === undefined || stored === 'block' || isShifted(own, architecture);
      return { name: wanted, dtype: isFloat32 ? 'float32' : stored, shape, begin, end };
    },
    fileOf: (wanted) => file.fileOf(tensorOf(wanted).name),
    tensor: (wanted) => {
      const { name: own } = tensorOf(wanted);
      return torch.scope(() => restore(own, file.tensor(own)));
    },
    dispose: () => file.dispose(),
  };
}

const isShifted = (name: string, { shiftedNorms }: Architecture): boolean =>
  shiftedNorms && name.endsWith('norm.weight');

/** Takes back what llama.cpp's converter did to a weight. */
function restorer({ metadata }: GgufFile, architecture: Architecture): (name: string, tensor: Tensor) => Tensor {
  const heads = metadata.number(`${architecture.name}.attention.head_count`);
  const keyHeads = metadata.number(`${architecture.name}.attention.head_count_kv`) ?? heads;
  return (name, tensor) => {
    if (isShifted(name, architecture)) return tensor.to('float32').sub(1);
    const part = architecture.permuted ? /\.attn_([qk])\./.exec(name)?.[1] : undefined;
    const count = part === 'q' ? heads : part === 'k' ? keyHeads : undefined;
    return count === undefined ? tensor : unpaired(tensor, count, `${metadata.file}: tensor ${quoted(name)}`);
  };
}

/** Rows of each head, from pairs that turn together to first halves before second ones. */
function unpaired(tensor: Tensor, heads: number, where: string): Tensor {
  const [rows, ...rest] = tensor.shape;
  if (!Number.isInteger(rows / heads / 2))
    throw new InputError(`${where} has ${rows} rows, which ${heads} heads do not divide into pairs`);
  return tensor.reshape([heads, rows / heads / 2, 2, ...rest]).transpose(1, 2).reshape(tensor.shape); // prettier-ignore
}
