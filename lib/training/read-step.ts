/** What a step tells its caller, in one copy from the device. */
import { jointGradNorm } from '../optim';
import { torch, type Tensor } from '../torch';
import { unreadNorms, type GradientNorm, type NamedParameter } from './gradients';

export interface StepNumbers {
  /** The loss, and its parts by name. */
  value: number;
  values: Record<string, number>;
  norms: GradientNorm[];
  /** Of all gradients together, where it was asked for. */
  joint: number | undefined;
}

/**
 * Loss, parts and norms of gradients. Each read-back lets the device's queue run empty, so that there is one.
 * @param wantsJoint also the norm that clipping compares with its limit
 */
export function readStep(
  total: Tensor,
  parts: Readonly<Record<string, Tensor>>,
  parameters: readonly NamedParameter[],
  wantsJoint: boolean,
): StepNumbers {
  return torch.scope(() =>
    torch.noGrad(() => {
      const { names, norms } = unreadNorms(parameters);
      const joint = wantsJoint ? [jointGradNorm(norms)] : [];
      const home = total.device;
      const scalars = [total, ...Object.values(parts), ...joint, ...norms];
      const each = scalars.map((scalar) => scalar.detach().to(home, 'float64').reshape([]));
      const [value, ...rest] = torch.stack(each).toArray() as number[];
      const values = Object.fromEntries(Object.keys(parts).map((name) => [name, rest.shift() as number]));
      const read = wantsJoint ? rest.shift() : undefined;
      return { value, values, joint: read, norms: names.map((name, i) => ({ name, norm: rest[i] })) };
    }),
  );
}
