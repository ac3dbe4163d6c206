/** Bytes that parts of a decoder take on a device: of weights exactly, of what is computed as an estimate. */
import type { DType } from '../../torch';
import { storedType } from '../../checkpoints/safetensors-header';
// Straight from its file: the index loads the addon.
import { nf4Bytes } from '../../torch/nf4-blocks';
import type { DecoderConfig } from '../decoder-config';
import { EMBEDDING, HEAD, LAYERS, type ModelPart, type WeightShape } from '../weight-layout';

export interface Storage {
  /** Of weights that are not in four bits, and of activations. */
  dtype: DType;
  /** As `loadModel` takes it: Linears but for the head in four bits. */
  quantize?: 'nf4';
}

export const bytesPerNumber = (dtype: DType): number => storedType(dtype).itemSize;

/** Bytes of one weight. */
function weightBytes({ shape, isLinear }: WeightShape, { dtype, quantize }: Storage): number {
  const numbers = shape.reduce((product, size) => product * size, 1);
  return isLinear && quantize === 'nf4' ? nf4Bytes(numbers) : numbers * bytesPerNumber(dtype);
}

/** Bytes of a part's weights. */
export const partBytes = ({ weights }: ModelPart, storage: Storage): number =>
  weights.reduce((sum, weight) => sum + weightBytes(weight, storage), 0);

/**
 * Bytes that a part needs beside its weights for so many tokens at a time, without a graph: a layer its keys and values,
 * the head its logits in float32, the embedding its ids and mask.
 */
export function stayingBytes({ name }: ModelPart, config: DecoderConfig, dtype: DType, tokens: number): number {
  const { numKeyValueHeads, headDim, vocabSize } = config;
  if (name === HEAD) return tokens * vocabSize * 4;
  if (name === EMBEDDING) return tokens * 16;
  return name.startsWith(`${LAYERS}.`) ? tokens * 2 * numKeyValueHeads * headDim * bytesPerNumber(dtype) : 0;
}

/** Bytes that come and go on a device while one of its layers computes: gate and up, and hidden states in six copies. */
export function passingBytes({ intermediateSize, hiddenSize }: DecoderConfig, dtype: DType, tokens: number): number {
  return tokens * (2 * intermediateSize + 6 * hiddenSize) * bytesPerNumber(dtype);
}
