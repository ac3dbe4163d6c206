/**
 * Initialisers, as PyTorch's `torch.nn.init` (2.13): each fills the tensor in place, without gradient, and returns it.
 * They draw in PyTorch's order from the same generators, so one seed gives the same bits in both.
 */
import { requireOptions, torch, type Tensor } from '../torch';
import { shapeText } from './state';

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';
export type FanMode = 'fanIn' | 'fanOut';

export interface KaimingOptions {
  /** Negative slope of the rectifier; only used with `leakyRelu`. */
  a?: number;
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}

function filled(tensor: Tensor, fill: () => void): Tensor {
  torch.scope(() => torch.noGrad(fill));
  return tensor;
}

/** U(a, b) */
export function uniform_(tensor: Tensor, a = 0, b = 1): Tensor {
  return filled(tensor, () => tensor.uniform_(a, b));
}

/** N(mean, std²) */
export function normal_(tensor: Tensor, mean = 0, std = 1): Tensor {
  return filled(tensor, () => tensor.normal_(mean, std));
}

export function constant_(tensor: Tensor, value: number): Tensor {
  return filled(tensor, () => tensor.fill_(value));
}

export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

export function zeros_(tensor: Tensor): Tensor {
  return filled(tensor, () => tensor.zero_());
}

/** The identity as far as it reaches. @param tensor [rows, cols] */
export function eye_(tensor: Tensor): Tensor {
  const [rows, cols] = tensor.shape;
  if (tensor.shape.length !== 2) throw new RangeError(`eye_: expected a matrix, got ${shapeText(tensor.shape)}`);
  return filled(tensor, () => tensor.copy_(torch.eye(rows, cols)));
}

/** The factor that keeps the variance through a nonlinearity. @param slope of `leakyRelu` */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope ** 2));
    case 'selu':
      return 3 / 4; // found empirically, github.com/pytorch/pytorch/pull/50664
    default:
      throw new RangeError(`calculateGain: unknown nonlinearity '${String(nonlinearity)}'`);
  }
}

/** Glorot and Bengio 2010, uniform. @param tensor [fanOut, fanIn, ...receptive field] */
export function xavierUniform_(tensor: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans('xavierUniform_', tensor);
  const bound = Math.sqrt(3) * (gain * Math.sqrt(2 / (fanIn + fanOut)));
  return uniform_(tensor, -bound, bound);
}

/** Glorot and Bengio 2010, normal. @param tensor [fanOut, fanIn, ...receptive field] */
export function xavierNormal_(tensor: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans('xavierNormal_', tensor);
  return normal_(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/** He et al. 2015, uniform. @param tensor [fanOut, fanIn, ...receptive field] */
export function kaimingUniform_(tensor: Tensor, options: KaimingOptions = {}): Tensor {
  if (tensor.numel() === 0) return tensor;
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', tensor, options);
  return uniform_(tensor, -bound, bound);
}

/** He et al. 2015, normal. @param tensor [fanOut, fanIn, ...receptive field] */
export function kaimingNormal_(tensor: Tensor, options: KaimingOptions = {}): Tensor {
  if (tensor.numel() === 0) return tensor;
  return normal_(tensor, 0, kaimingStd('kaimingNormal_', tensor, options));
}

function kaimingStd(name: string, tensor: Tensor, options: KaimingOptions): number {
  requireOptions(name, options, { a: true, mode: true, nonlinearity: true });
  const fan = fans(name, tensor)[options.mode ?? 'fanIn'];
  return calculateGain(options.nonlinearity ?? 'leakyRelu', options.a ?? 0) / Math.sqrt(fan);
}

function fans(name: string, tensor: Tensor): Record<FanMode, number> {
  const shape = tensor.shape;
  if (shape.length < 2) throw new RangeError(`${name}: expected at least 2 dimensions, got ${shapeText(shape)}`);
  const field = shape.slice(2).reduce((a, b) => a * b, 1);
  return { fanIn: shape[1] * field, fanOut: shape[0] * field };
}

/** A (semi-)orthogonal matrix, dimensions after the first flattened (Saxe et al. 2013). */
export function orthogonal_(tensor: Tensor, gain = 1): Tensor {
  const shape = tensor.shape;
  if (shape.length < 2) throw new RangeError(`orthogonal_: expected at least 2 dimensions, got ${shapeText(shape)}`);
  if (tensor.numel() === 0) return tensor;
  const rows = shape[0];
  const cols = tensor.numel() / rows;
  return filled(tensor, () => {
    const drawn = tensor.newEmpty([rows, cols]).normal_(0, 1);
    const [q, r] = torch.linalgQr(rows < cols ? drawn.t() : drawn);
    // The signs of R's diagonal make Q uniform over the orthogonal group (arXiv math-ph/0609050).
    q.mul_(r.diag(0).sign());
    tensor.copy_((rows < cols ? q.t() : q).reshape(shape)).mul_(gain);
  });
}

/** N(mean, std²) with what falls outside [low, high] drawn again. */
export function truncNormal_(tensor: Tensor, mean = 0, std = 1, low = -2, high = 2): Tensor {
  if (!(std > 0) || !(low < high)) {
    throw new RangeError(`truncNormal_: expected std > 0 and low < high, got std ${std}, [${low}, ${high}]`);
  }
  return filled(tensor, () => {
    const inside = normalCdf((high - mean) / std) - normalCdf((low - mean) / std);
    if (inside > 0.3) redrawOutside(tensor, mean, std, low, high);
    else rejectFromUniform(tensor, mean, std, low, high);
  });
}

function redrawOutside(tensor: Tensor, mean: number, std: number, low: number, high: number): void {
  // Bounds rounded to the tensor's dtype, so that a value on the bound counts as inside.
  const [lo, hi] = [low, high].map((bound) => Number(torch.full([], bound, { dtype: tensor.dtype }).item()));
  let result = tensor.normal_(mean, std);
  for (;;) {
    const outside = result.lt(lo).logicalOr(result.gt(hi));
    if (!outside.any().item()) break;
    result = torch.where(outside, torch.emptyLike(result).normal_(mean, std), result);
  }
  if (result !== tensor) tensor.copy_(result);
}

// Deep in a tail nearly every normal draw would be refused, so uniform candidates are kept by their density instead.
function rejectFromUniform(tensor: Tensor, mean: number, std: number, low: number, high: number): void {
  const mode = Math.max(low, Math.min(mean, high));
  const logPeak = -0.5 * ((mode - mean) / std) ** 2;
  const candidates = torch.emptyLike(tensor);
  const draw = torch.emptyLike(tensor);
  const refused = (): Tensor => {
    candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(logPeak);
    return draw.uniform_().log_().gt(candidates);
  };
  let result = tensor.uniform_(low, high);
  candidates.copy_(result);
  let pending = refused();
  while (pending.any().item()) {
    candidates.uniform_(low, high);
    result = torch.where(pending, candidates, result);
    pending = torch.where(pending, refused(), pending);
  }
  if (result !== tensor) tensor.copy_(result);
}

function normalCdf(x: number): number {
  return (1 + Number(torch.erf(torch.full([], x / Math.SQRT2, { dtype: 'float64' })).item())) / 2;
}
