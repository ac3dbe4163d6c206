import { autocastDtype, frozenWideLinear, inFloat32, isHalf, torch, type Tensor } from '../torch';

/** Numbers of a weight that are converted at a time: 64 MB of them. */
const MOST_NUMBERS = 2 ** 24;

/**
 * `linear` without a bias whose result is float32 where the weight is of half precision: the numbers are multiplied
 * exactly, and their sums are not rounded to half precision.
 *
 * @param input [..., in]
 * @param weight [out, in], of the input's dtype
 * @returns [..., out]
 */
export function wideLinear(input: Tensor, weight: Tensor): Tensor {
  if (!isHalf(weight.dtype)) return torch.linear(input, weight);
  return frozenWideLinear(input, weight) ?? wideProduct(input, weight) ?? inPieces(input, weight);
}

/** CUDA's own product with float32 sums; null on other devices, and where a gradient is wanted, which it has none of. */
function wideProduct(input: Tensor, weight: Tensor): Tensor | null {
  const wantsGradient = torch.isGradEnabled() && (input.requiresGrad || weight.requiresGrad);
  if (input.device.type !== 'cuda' || wantsGradient || input.ndim < 2) return null;
  return input.flatten(0, -2).mm(weight.t(), 'float32').unflatten(0, input.shape.slice(0, -1));
}

/** Some of the weight's rows converted at a time; autocast would convert them back. */
function inPieces(input: Tensor, weight: Tensor): Tensor {
  const { device } = input;
  if (autocastDtype(device)) return torch.autocast({ device, dtype: null }, () => inPieces(input, weight));
  const wide = inFloat32(input);
  const most = Math.max(1, Math.floor(MOST_NUMBERS / Math.max(1, weight.size(1))));
  const pieces = weight.split(most, 0).map((rows) => torch.linear(wide, inFloat32(rows)));
  return pieces.length === 1 ? pieces[0] : torch.cat(pieces, -1);
}
