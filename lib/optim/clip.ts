import { isHalf, torch, type DType, type Tensor } from '../torch';

/**
 * Scales all gradients together so that their joint norm is at most `maxNorm`, as PyTorch's `clip_grad_norm_`. Norms of
 * gradients in half precision are float32.
 *
 * @param options.normType order of the norm, 2 by default, Infinity for the largest entry
 * @param options.errorIfNonfinite throws instead of scaling by a norm that is not a finite number
 * @returns the norm before clipping
 */
export function clipGradNorm(
  params: Iterable<Tensor>,
  maxNorm: number,
  options: { normType?: number; errorIfNonfinite?: boolean } = {},
): number {
  if (!(maxNorm >= 0)) throw new RangeError(`clipGradNorm: expected maxNorm >= 0, got ${maxNorm}`);
  const normType = options.normType ?? 2;
  return torch.scope(() =>
    torch.noGrad(() => {
      const grads = gradsOf(params);
      if (grads.length === 0) return 0;
      const value = Number(jointNorm(normsOf(grads, normType), normType).item());
      if (options.errorIfNonfinite && !Number.isFinite(value)) {
        throw new RangeError(`clipGradNorm: expected a finite gradient norm, got ${value}`);
      }
      scale(grads, value, maxNorm);
      return value;
    }),
  );
}

/**
 * The Euclidean norm of each gradient, in order; parameters without one are left out. Scalars that lie together, float32
 * unless a gradient is float64.
 */
export const gradNorms = (params: Iterable<Tensor>): Tensor[] => normsOf(gradsOf(params), 2);

/** The norm of all gradients together by the norm of each: what `clipGradNorm` compares with its limit. */
export const jointGradNorm = (norms: readonly Tensor[]): Tensor =>
  norms.length === 0 ? torch.zeros([]) : jointNorm(norms, 2);

/** What `clipGradNorm` does where `norm` is the joint norm: for who has read it already, with other numbers. */
export function scaleGrads(params: Iterable<Tensor>, norm: number, maxNorm: number): void {
  if (!(maxNorm >= 0)) throw new RangeError(`scaleGrads: expected maxNorm >= 0, got ${maxNorm}`);
  torch.scope(() => torch.noGrad(() => scale(gradsOf(params), norm, maxNorm)));
}

function scale(grads: readonly Tensor[], norm: number, maxNorm: number): void {
  const factor = maxNorm / (norm + 1e-6);
  if (!(factor >= 1)) for (const group of grouped(grads)) torch._foreachMul_(group, factor); // NaN spreads, as in PyTorch
}

function normsOf(grads: readonly Tensor[], normType: number): Tensor[] {
  const dtypeOf = ([first]: Tensor[]): DType | null => (isHalf(first.dtype) ? 'float32' : null);
  const normOf = new Map<Tensor, Tensor>();
  for (const group of grouped(grads))
    for (const [i, norm] of torch._foreachNorm(group, normType, { dtype: dtypeOf(group) }).entries())
      normOf.set(group[i], norm);
  // In the parameters' order, so that a model which is spread over devices is clipped to the bit as on one.
  const norms = grads.map((grad) => normOf.get(grad) as Tensor);
  const widest = norms.some(({ dtype }) => dtype === 'float64') ? 'float64' : 'float32';
  return norms.map((norm) => norm.to(norms[0].device, widest));
}

const jointNorm = (norms: readonly Tensor[], normType: number): Tensor =>
  norms.length === 1 ? norms[0] : torch.linalgVectorNorm(torch.stack([...norms]), normType);

/** Clamps every gradient entry to [-limit, limit]. */
export function clipGradValue(params: Iterable<Tensor>, limit: number): void {
  if (!(limit >= 0)) throw new RangeError(`clipGradValue: expected a limit >= 0, got ${limit}`);
  torch.scope(() =>
    torch.noGrad(() => {
      for (const grads of grouped(gradsOf(params))) {
        torch._foreachClampMin_(grads, -limit);
        torch._foreachClampMax_(grads, limit);
      }
    }),
  );
}

function gradsOf(params: Iterable<Tensor>): Tensor[] {
  return Array.from(params, ({ grad }) => grad).filter((grad) => grad !== null);
}

// The foreach kernels want one dtype and one device per call.
function grouped(grads: readonly Tensor[]): Tensor[][] {
  const groups = new Map<string, Tensor[]>();
  for (const grad of grads) {
    const key = `${grad.dtype} ${grad.device}`;
    const group = groups.get(key);
    if (group) group.push(grad);
    else groups.set(key, [grad]);
  }
  return [...groups.values()];
}
