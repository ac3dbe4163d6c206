/** Shapes of the paper's models, to plan for before a byte of them is fetched. */
import { completeConfig, type DecoderConfig } from '../decoder-config';

const SHAPES = {
  /** The paper's smallest, v0.2 of its instruct model. */
  '7b': completeConfig({
    modelType: 'mistral',
    vocabSize: 32_000,
    hiddenSize: 4096,
    intermediateSize: 14_336,
    numHiddenLayers: 32,
    numAttentionHeads: 32,
    numKeyValueHeads: 8,
    dtype: 'bfloat16',
  }),
  /** Gemma-2-27b-it. */
  '27b': completeConfig({
    modelType: 'gemma2',
    vocabSize: 256_000,
    hiddenSize: 4608,
    intermediateSize: 36_864,
    numHiddenLayers: 46,
    numAttentionHeads: 32,
    numKeyValueHeads: 16,
    headDim: 128,
    normPlaces: 'both',
    normAddsOne: true,
    tieWordEmbeddings: true,
    dtype: 'bfloat16',
  }),
  /** CalmeRys-78B, of the Qwen2 family. */
  '78b': completeConfig({
    modelType: 'qwen2',
    vocabSize: 151_646,
    hiddenSize: 8192,
    intermediateSize: 29_568,
    numHiddenLayers: 86,
    numAttentionHeads: 64,
    numKeyValueHeads: 8,
    qkvBias: true,
    dtype: 'bfloat16',
  }),
} as const satisfies Record<string, DecoderConfig>;

export const shapeNames: readonly string[] = Object.keys(SHAPES);

/** The shape of that name, in upper or lower case; undefined for another. */
export function knownShape(name: string): DecoderConfig | undefined {
  const found = Object.entries(SHAPES).find(([known]) => known === name.toLowerCase());
  return found?.[1];
}
