/** Models that language models are measured on, by name: the peer's own, and random ones of the shapes of real models. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, readConfig, type DecoderConfig, type DecoderShape } from '../lib/models';
import { torch, type DType } from '../lib/torch';
import type { LlmPeer } from './llm-peer';

const SHAPES = {
  /** SmolLM2-135M: deep and thin. */
  smollm2: {
    modelType: 'mistral',
    vocabSize: 49_152,
    hiddenSize: 576,
    intermediateSize: 1536,
    numHiddenLayers: 30,
    numAttentionHeads: 9,
    numKeyValueHeads: 3,
    slidingWindow: null,
    tieWordEmbeddings: true,
  },
  /** Qwen2.5-0.5B, without the biases of its attention. */
  qwen2: {
    modelType: 'mistral',
    vocabSize: 151_936,
    hiddenSize: 896,
    intermediateSize: 4864,
    numHiddenLayers: 24,
    numAttentionHeads: 14,
    numKeyValueHeads: 2,
    slidingWindow: null,
    tieWordEmbeddings: true,
  },
} as const satisfies Record<string, DecoderShape>;

export interface Subject {
  /** Hugging Face folder. */
  folder: string;
  config: DecoderConfig;
  dtype: DType;
  /** Whether it is the peer's model of 125 million parameters in float32, which the first goals are of. */
  isFirst: boolean;
}

/** What was asked for on the command line. */
export interface SubjectChoice {
  /** A name of SHAPES, or a Hugging Face folder; by default the peer's model of 125 million parameters. */
  shape?: string;
  /** Of the weights, on both sides: float32, the default, or bfloat16. */
  dtype?: string;
}

/** @throws Error for a shape or dtype that is not known */
export function subjectOf(peer: LlmPeer, { shape, dtype }: SubjectChoice): Subject {
  const folder = shape === undefined ? peer.model : shape in SHAPES ? made(peer, shape as keyof typeof SHAPES) : shape;
  if (!existsSync(join(folder, 'config.json')))
    throw new Error(`bench: --shape is ${Object.keys(SHAPES).join(', ')} or a folder with config.json, got ${folder}`);
  if (dtype !== undefined && dtype !== 'float32' && dtype !== 'bfloat16')
    throw new Error(`bench: --dtype is float32 or bfloat16, got ${dtype}`);
  const isFirst = shape === undefined && dtype !== 'bfloat16';
  return { folder, config: readConfig(folder), dtype: dtype ?? 'float32', isFirst };
}

/** A random model, made once, with the tokenizer of the peer's. */
function made({ model, work }: LlmPeer, name: keyof typeof SHAPES): string {
  const folder = join(work, name);
  if (existsSync(join(folder, 'config.json'))) return folder;
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(model)) {
    if (/token/u.test(file)) copyFileSync(join(model, file), join(folder, file));
  }
  torch.manualSeed(0);
  torch.scope(() => torch.noGrad(() => createModel(SHAPES[name]).save(folder)));
  return folder;
}
