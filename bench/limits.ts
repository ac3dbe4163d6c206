/** What one thread of this processor reaches at best, and so the least time that a model's work takes on it. */
import type { DecoderConfig } from '../lib/models';
import { PackedWeight, torch, type DType, type Tensor } from '../lib/torch';

export interface Limits {
  /** Of matrix products, in 1e9 a second. */
  gflops: number;
  /** Of memory far larger than the caches, read once, in 1e9 a second. */
  gigabytes: number;
}

/** The fastest of ours and libtorch's products, and of two ways to read memory. */
export function measureLimits(dtype: DType): Limits {
  torch.setNumThreads(1);
  return torch.scope(() => {
    const [rows, size, wide] = [1024, 1024, 98_304];
    const random = (shape: number[]): Tensor => torch.randn(shape).to(dtype);
    const [x, weight, large] = [random([rows, size]), random([size, size]), random([wide, size])];
    const flop = 2 * rows * size * size;
    const bytes = large.numel() * (dtype === 'bfloat16' ? 2 : 4);
    const products = [seconds(() => torch.linear(x, weight)), packedSeconds(weight, x)];
    const reads = [seconds(() => large.sum()), packedSeconds(large, x.narrow(0, 0, 1))];
    return { gflops: flop / Math.min(...products) / 1e9, gigabytes: bytes / Math.min(...reads) / 1e9 };
  });
}

function packedSeconds(weight: Tensor, x: Tensor): number {
  if (!PackedWeight.fits(weight)) return Infinity;
  using packed = new PackedWeight(weight);
  return seconds(() => packed.linear(x));
}

/** Least CPU time of one run. */
function seconds(work: () => unknown): number {
  let least = Infinity;
  for (let round = 0; round < 8; round++) {
    const before = process.cpuUsage();
    torch.scope(() => void work());
    const { user, system } = process.cpuUsage(before);
    if (round > 0) least = Math.min(least, (user + system) / 1e6);
  }
  return least;
}

/** Weights of all layers' products, and of the head. */
function weightsOf(config: DecoderConfig): { layers: number; head: number } {
  const { hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const attention = 2 * hiddenSize * (numAttentionHeads + numKeyValueHeads) * headDim;
  const layers = numHiddenLayers * (attention + 3 * hiddenSize * intermediateSize);
  return { layers, head: config.vocabSize * hiddenSize };
}

/** Seconds at least, by the products alone and by the memory that has to be read. */
export interface Floor {
  prompts: number;
  stepByProducts: number;
  stepByMemory: number;
  total: number;
}

export interface GenerationWork {
  promptTokens: number;
  rows: number;
  /** Each row's new tokens. */
  newTokens: number;
  dtype: DType;
}

export function generationFloor(config: DecoderConfig, work: GenerationWork, { gflops, gigabytes }: Limits): Floor {
  const { promptTokens, rows, newTokens, dtype } = work;
  const { layers, head } = weightsOf(config);
  const size = dtype === 'bfloat16' ? 2 : 4;
  const positions = promptTokens + (rows * newTokens) / 2;
  const cache = 2 * positions * config.numKeyValueHeads * config.headDim * config.numHiddenLayers;
  const prompts = (2 * (layers * promptTokens + head * rows)) / gflops / 1e9;
  const stepByProducts = (2 * (layers + head) * rows) / gflops / 1e9;
  const stepByMemory = ((layers + head + cache) * size) / gigabytes / 1e9;
  const total = prompts + (newTokens - 1) * Math.max(stepByProducts, stepByMemory);
  return { prompts, stepByProducts, stepByMemory, total };
}

/** Seconds that the products of a KL micro-batch take at least: frozen layers and head, there and back. */
export function finetuningFloor(config: DecoderConfig, tokens: number, { gflops }: Limits): number {
  const { layers, head } = weightsOf(config);
  return (4 * (layers + head) * tokens) / gflops / 1e9;
}

export const limitsText = ({ gflops, gigabytes }: Limits): string =>
  `${gflops.toFixed(0)} GFLOP/s and ${gigabytes.toFixed(0)} GB/s measured`;
