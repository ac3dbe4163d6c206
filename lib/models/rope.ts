/** Rotary position embeddings (Su et al. 2021): how fast each pair of a head turns, scalings of long contexts included. */
import { torch, type Tensor } from '../torch';

/** How frequencies are changed for contexts longer than the model was first trained on; names as in config.json. */
export type RopeScaling =
  | { type: 'linear' | 'dynamic'; factor: number }
  | {
      /** Peng et al. 2023, arXiv 2309.00071. */
      type: 'yarn';
      factor: number;
      originalMaxPositionEmbeddings: number;
      attentionFactor?: number;
      betaFast?: number;
      betaSlow?: number;
      mscale?: number;
      mscaleAllDim?: number;
      truncate?: boolean;
    }
  | {
      /** Ding et al. 2024, arXiv 2402.13753. One factor for each pair of a head. */
      type: 'longrope';
      shortFactor: number[];
      longFactor: number[];
      originalMaxPositionEmbeddings: number;
      factor?: number;
      attentionFactor?: number;
    }
  | {
      /** Llama 3.1. */
      type: 'llama3';
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      originalMaxPositionEmbeddings: number;
    };

export interface Rope {
  /** The base: pair i of n turns by theta^(-i / n) a position. */
  theta: number;
  /** The share of a head that turns; the rest stays as it is. */
  partialRotaryFactor: number;
  scaling: RopeScaling | null;
}

/** Whether a sequence's angles depend on its length too, so that no part of it may be computed by itself. */
export const dependsOnLength = ({ scaling }: Rope): boolean =>
  scaling?.type === 'dynamic' || scaling?.type === 'longrope';

/** Numbers of a head that are to turn; an odd one is left over, and turns in a pair with its neighbour. */
const turning = (rope: Rope, headDim: number): number => Math.trunc(headDim * rope.partialRotaryFactor);

/** Numbers of a head that turn, an even count. */
export const rotaryDim = (rope: Rope, headDim: number): number => 2 * Math.ceil(turning(rope, headDim) / 2);

export interface Frequencies {
  /** Radians that each pair turns by a position, [pairs], or [batch, 1, pairs] where they depend on the length. */
  inverse: Tensor;
  /** What cosines and sines are multiplied by. */
  attentionFactor: number;
}

/**
 * Frequencies as transformers makes them, in float32 and in its order of operations. Where they depend on a sequence's
 * length, each sequence goes by its own, and not by the longest of its batch as there.
 * @param positions int64 [batch or 1, seq]
 * @param maxPositions `max_position_embeddings` of config.json
 */
export function frequenciesOf(rope: Rope, headDim: number, maxPositions: number, positions: Tensor): Frequencies {
  const dim = turning(rope, headDim);
  const { device } = positions;
  const exponents = torch.arange(0, dim, 2, { dtype: 'float32', device }).div(dim);
  const plain = (): Tensor => torch.pow(rope.theta, exponents).reciprocal();
  const { scaling } = rope;
  switch (scaling?.type) {
    case undefined:
      return { inverse: plain(), attentionFactor: 1 };
    case 'linear':
      return { inverse: plain().div(scaling.factor), attentionFactor: 1 };
    case 'dynamic': {
      const lengths = lengthsOf(positions).clampMin(maxPositions);
      const stretch = lengths
        .mul(scaling.factor)
        .div(maxPositions)
        .sub(scaling.factor - 1);
      const base = stretch.pow(dim / (dim - 2)).mul(rope.theta);
      return { inverse: base.pow(exponents).reciprocal(), attentionFactor: 1 };
    }
    case 'yarn':
      return { inverse: yarn(rope.theta, dim, scaling, exponents), attentionFactor: yarnAttention(scaling) };
    case 'longrope': {
      const long = lengthsOf(positions).gt(scaling.originalMaxPositionEmbeddings);
      const factors = torch.where(long, torch.tensor(scaling.longFactor, { device }), torch.tensor(scaling.shortFactor, { device })); // prettier-ignore
      const inverse = factors.mul(torch.pow(rope.theta, exponents)).reciprocal();
      return { inverse, attentionFactor: longropeAttention(scaling, maxPositions) };
    }
    case 'llama3':
      return { inverse: llama3(plain(), scaling), attentionFactor: 1 };
  }
}

/** float32 [batch or 1, 1, 1] */
const lengthsOf = (positions: Tensor): Tensor => positions.amax([1], true).add(1).to('float32').unsqueeze(-1);

type Scaling<T extends RopeScaling['type']> = Extract<RopeScaling, { type: T }>;

/** Fast pairs stay as they are, slow ones turn `factor` times slower, with a ramp between. */
function yarn(theta: number, dim: number, scaling: Scaling<'yarn'>, exponents: Tensor): Tensor {
  const { factor, originalMaxPositionEmbeddings: original, betaFast = 32, betaSlow = 1, truncate = true } = scaling;
  /** The pair that turns so many times over the original context. */
  const pairOf = (turns: number): number => (dim * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [pairOf(betaFast), pairOf(betaSlow)];
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(truncate ? Math.ceil(slow) : slow, dim - 1);
  const width = low === high ? 0.001 : high - low;
  const pairs = torch.arange(0, Math.floor(dim / 2), { dtype: 'float32', device: exponents.device });
  const kept = pairs.sub(low).div(width).clamp(0, 1).neg().add(1);
  const period = torch.pow(theta, exponents);
  const slowed = period.mul(factor).reciprocal().mul(kept.neg().add(1));
  return slowed.add(period.reciprocal().mul(kept));
}

function yarnAttention({ factor, attentionFactor, mscale, mscaleAllDim }: Scaling<'yarn'>): number {
  const scaled = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  if (attentionFactor !== undefined) return attentionFactor;
  return mscale && mscaleAllDim ? scaled(mscale) / scaled(mscaleAllDim) : scaled(1);
}

function longropeAttention(scaling: Scaling<'longrope'>, maxPositions: number): number {
  const { originalMaxPositionEmbeddings: original, attentionFactor } = scaling;
  if (attentionFactor !== undefined) return attentionFactor;
  const factor = scaling.factor ?? maxPositions / original;
  return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
}

/** Slow pairs turn `factor` times slower, fast ones as before, with a smooth passage between. */
function llama3(inverse: Tensor, scaling: Scaling<'llama3'>): Tensor {
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalMaxPositionEmbeddings: original } = scaling;
  const wavelength = inverse.reciprocal().mul(2 * Math.PI);
  const isSlow = wavelength.gt(original / low);
  const slowed = torch.where(isSlow, inverse.div(factor), inverse);
  const smooth = wavelength
    .reciprocal()
    .mul(original)
    .sub(low)
    .div(high - low);
  const between = smooth.neg().add(1).mul(slowed).div(factor).add(smooth.mul(slowed));
  const isBetween = wavelength
    .lt(original / high)
    .logicalNot()
    .logicalAnd(isSlow.logicalNot());
  return torch.where(isBetween, between, slowed);
}
