import { torch, type Tensor } from '../torch';

/** Cosines and sines of every position's angles, [batch or 1, 1, seq, headDim] (the 1 is for the heads). */
export interface Rotation {
  cos: Tensor;
  /** Negative in the first half, where `rotate_half` of transformers negates what it brings over. */
  sin: Tensor;
}

/**
 * Angles of rotary position embeddings (Su et al. 2021), in float32 and in transformers' order of operations, so that
 * far positions agree to the last digits too.
 * @param positions int64 [batch or 1, seq]
 */
export function rotationOf(positions: Tensor, headDim: number, theta: number, like: Tensor): Rotation {
  const device = like.device;
  const exponents = torch.arange(0, headDim, 2, { dtype: 'float32', device }).div(headDim);
  const inverse = torch.pow(theta, exponents).reciprocal();
  const half = positions.to('float32').unsqueeze(-1).mul(inverse);
  const [cos, sin] = [half.cos().unsqueeze(1), half.sin().unsqueeze(1)];
  return { cos: torch.cat([cos, cos], -1).to(like.dtype), sin: torch.cat([sin.neg(), sin], -1).to(like.dtype) };
}

/** Rotates queries or keys [batch, heads, seq, headDim]; halves are paired, as transformers' `rotate_half` does. */
export function rotate(x: Tensor, { cos, sin }: Rotation): Tensor {
  return x.mul(cos).addcmul_(x.roll([x.size(-1) / 2], [-1]), sin);
}
