/**
 * What the packed run computes, at the size of a 7B model or so small that a processor rehearses it in seconds. Python's
 * half (peer.py) reads the same numbers from a file that this one writes:
 *
 *     node -r ./scripts/typescript.js bench/gpu/workload.ts FILE
 */
import { writeFileSync } from 'node:fs';
import type { DecoderShape } from '../../lib/models';
import type { TokenPair } from '../../lib/soo';
import type { DeviceLike } from '../../lib/torch';

export const DEVICE = (process.env.SOO_TEST_DEVICE ?? 'cuda') as DeviceLike & string;
export const SCALE = process.env.SOO_GPU_SCALE === 'tiny' ? 'tiny' : 'full';

/** A widespread shape of seven billion parameters. */
export const MISTRAL_7B = {
  modelType: 'mistral',
  vocabSize: 32000,
  hiddenSize: 4096,
  intermediateSize: 14336,
  numHiddenLayers: 32,
  numAttentionHeads: 32,
  numKeyValueHeads: 8,
  maxPositionEmbeddings: 32768,
  rope: { theta: 1e6 },
  rmsNormEps: 1e-5,
} as const satisfies DecoderShape;

const SHAPES: Record<typeof SCALE, DecoderShape> = {
  full: MISTRAL_7B,
  tiny: {
    modelType: 'mistral',
    vocabSize: 512,
    hiddenSize: 64,
    intermediateSize: 128,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    maxPositionEmbeddings: 1024,
    rope: { theta: 1e6 },
    rmsNormEps: 1e-5,
  },
};

const SIZES = {
  full: { pairs: 4, steps: 8, warmUp: 3, layer: 19, prompts: 250, newTokens: 75, decode: 128, layersOnDisk: 8 },
  tiny: { pairs: 2, steps: 2, warmUp: 1, layer: 1, prompts: 6, newTokens: 5, decode: 6, layersOnDisk: 2 },
};

/** Upstream pads its prompts to this. */
export const PADDED = 128;
/** Rows that are decoded side by side. */
export const BATCH = 32;
export const LORA = { r: 8, alpha: 32, targetModules: ['q_proj', 'v_proj'] };
export const LR = 5e-5;

export const shape = SHAPES[SCALE];
export const sizes = SIZES[SCALE];

/** The same numbers everywhere: a linear congruential generator of 31 bits. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

function tokens(next: (below: number) => number, length: number): number[] {
  return Array.from({ length }, () => 3 + next(shape.vocabSize - 3));
}

/** Batches of pairs: prompts of 20 to 60 tokens, as upstream's are, or of as many as they are padded to. */
export function pairBatches(lengths: 'short' | 'whole'): TokenPair[][] {
  const next = numbersFrom(lengths === 'short' ? 1 : 2);
  const prompt = (): number[] => tokens(next, lengths === 'short' ? 20 + next(41) : PADDED);
  return Array.from({ length: sizes.warmUp + sizes.steps }, () =>
    Array.from({ length: sizes.pairs }, () => ({ selfIds: prompt(), otherIds: prompt() })),
  );
}

/** Prompts of 60 to 120 tokens. */
export function prompts(): number[][] {
  const next = numbersFrom(3);
  return Array.from({ length: sizes.prompts }, () => tokens(next, 60 + next(61)));
}

/** Prompts of 128 tokens for decoding alone. */
export function decodingPrompts(rows: number): number[][] {
  const next = numbersFrom(4);
  return Array.from({ length: rows }, () => tokens(next, PADDED));
}

if (require.main === module) {
  const pairs = { short: pairBatches('short'), whole: pairBatches('whole') };
  const decoding = decodingPrompts(BATCH);
  const settings = { shape, ...sizes, padded: PADDED, batch: BATCH, lora: LORA, lr: LR };
  writeFileSync(process.argv[2], JSON.stringify({ settings, pairs, prompts: prompts(), decoding }));
}
