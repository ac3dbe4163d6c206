/** Norms of gradients by parameter name. */
import { torch, type Tensor } from '../torch';

/** A dotted name and the parameter it names. */
export type NamedParameter = readonly [name: string, parameter: Tensor];

export interface GradientNorm {
  name: string;
  /** Euclidean; NaN or infinite when an entry is. */
  norm: number;
}

/** The norm of each parameter's gradient, in order; parameters without one are left out. */
export function gradientNorms(parameters: readonly NamedParameter[]): GradientNorm[] {
  return torch.scope(() =>
    torch.noGrad(() => {
      const { names, norms } = unreadNorms(parameters);
      if (names.length === 0) return [];
      // Gathered on one device first: one transfer tells them all.
      const values = torch.stack(norms).toArray() as number[];
      return names.map((name, i) => ({ name, norm: values[i] }));
    }),
  );
}

/** The same as float32 scalars that lie together on one device, for who reads them with other numbers. */
export function unreadNorms(parameters: readonly NamedParameter[]): { names: string[]; norms: Tensor[] } {
  const named = parameters.flatMap(([name, { grad }]) => (grad ? [{ name, grad }] : []));
  if (named.length === 0) return { names: [], norms: [] };
  const home = named[0].grad.device;
  const grads = named.map(({ grad }) => grad);
  // A norm of gradients in half precision is float32 from the start.
  const dtype = grads.some((grad) => grad.dtype === 'float64') ? null : 'float32';
  const norms = torch._foreachNorm(grads, 2, { dtype }).map((norm) => norm.to(home, 'float32'));
  return { names: named.map(({ name }) => name), norms };
}
