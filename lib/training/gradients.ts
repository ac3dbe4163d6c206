/** Norms of gradients by parameter name. */
import { gradNorms } from '../optim';
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

/** The same as scalars that lie together on one device, for who reads them with other numbers. */
export function unreadNorms(parameters: readonly NamedParameter[]): { names: string[]; norms: Tensor[] } {
  const names = parameters.flatMap(([name, { grad }]) => (grad ? [name] : []));
  return { names, norms: gradNorms(parameters.map(([, parameter]) => parameter)) };
}
