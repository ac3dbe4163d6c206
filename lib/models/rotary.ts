import { torch, type Tensor } from '../torch';
import { frequenciesOf, type Rope } from './rope';

/** Cosines and sines of every position's angles, [batch or 1, 1, seq, rotary] (the 1 is for the heads). */
export interface Rotation {
  cos: Tensor;
  /** Negative in the first half, where `rotate_half` of transformers negates what it brings over. */
  sin: Tensor;
}

/** What an angle depends on, beside the position. */
export interface RotaryHeads {
  rope: Rope;
  headDim: number;
  maxPositionEmbeddings: number;
}

/**
 * Angles of rotary position embeddings, in float32 and in transformers' order of operations, so that far positions agree
 * to the last digits too.
 * @param positions int64 [batch or 1, seq]
 */
export function rotationOf(positions: Tensor, heads: RotaryHeads, like: Tensor): Rotation {
  const { inverse, attentionFactor } = frequenciesOf(heads.rope, heads.headDim, heads.maxPositionEmbeddings, positions);
  const half = positions.to('float32').unsqueeze(-1).mul(inverse);
  const [cos, sin] = [half.cos(), half.sin()].map((x) => {
    return (attentionFactor === 1 ? x : x.mul(attentionFactor)).unsqueeze(1);
  }) as [Tensor, Tensor];
  return { cos: torch.cat([cos, cos], -1).to(like.dtype), sin: torch.cat([sin.neg(), sin], -1).to(like.dtype) };
}

/**
 * Rotates queries or keys [batch, heads, seq, headDim]; halves are paired, as transformers' `rotate_half` does. What lies
 * behind the numbers that turn stays as it is.
 */
export function rotate(x: Tensor, rotation: Rotation): Tensor {
  const [rotary, headDim] = [rotation.cos.size(-1), x.size(-1)];
  if (rotary === headDim) return turned(x, rotation);
  return torch.cat([turned(x.narrow(-1, 0, rotary), rotation), x.narrow(-1, rotary, headDim - rotary)], -1);
}

const turned = (x: Tensor, { cos, sin }: Rotation): Tensor => x.mul(cos).addcmul_(x.roll([x.size(-1) / 2], [-1]), sin);
