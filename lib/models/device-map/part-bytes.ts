/** Bytes that parts of a decoder take on a device: of weights exactly, of what is computed as an estimate. */
import type { DType } from '../../torch';
import type { DecoderConfig } from '../decoder-config';
import { EMBEDDING, HEAD, LAYERS, type ModelPart, type WeightShape } from './weight-shapes';

export interface Storage {
  /** Of weights that are not in four bits, and of activations. */
  dtype: DType;
  /** As `loadModel` takes it: Linears but for the head in four bits. */
  quantize?: 'nf4';
}

/** Of the dtypes that weights may have. */
const SIZES: Partial<Record<DType, number>> = { float64: 8, float32: 4, float16: 2, bfloat16: 2 };

export const bytesPerNumber = (dtype: DType): number => SIZES[dtype] ?? 4;

/** Numbers that share a magnitude, and magnitudes that share theirs (bitsandbytes' double quantisation). */
const [BLOCK, NESTED_BLOCK] = [64, 256];
/** The tables of sixteen and of 256 float32 values that stand beside each weight. */
const TABLES = 4 * (16 + 256);

/** Bytes of one weight; of four bits without the line of text that says what it is. */
function weightBytes({ shape, isLinear }: WeightShape, { dtype, quantize }: Storage): number {
  const numbers = shape.reduce((product, size) => product * size, 1);
  if (!isLinear || quantize !== 'nf4') return numbers * bytesPerNumber(dtype);
  const blocks = Math.ceil(numbers / BLOCK);
  return Math.ceil(numbers / 2) + blocks + 4 * Math.ceil(blocks / NESTED_BLOCK) + TABLES;
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
