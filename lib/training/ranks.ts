/** What the ranks of a run do together in its loop: decide alike, and add up losses and gradients. */
import { createHash } from 'node:crypto';
import type { ProcessGroup } from '../distributed';
import { torch, type DType, type Tensor } from '../torch';
import type { NamedParameter } from './gradients';

/** The whole batch's loss and its parts by name, as numbers. */
export interface LossNumbers {
  value: number;
  values: Record<string, number>;
}

/** What one rank asks for; every rank then does what any of them asks for. */
export interface Wishes {
  /** To save, and stop before the next batch. */
  abort: boolean;
  /** There is no other batch. */
  end: boolean;
  /** To save. */
  save: boolean;
}

export async function agree(group: ProcessGroup, { abort, end, save }: Wishes): Promise<Wishes> {
  const own = torch.tensor([abort, end, save].map(Number), { dtype: 'int32' });
  const asked = group.allReduce(own, 'max');
  own.dispose();
  const all = await asked;
  const [abortAll, endAll, saveAll] = (all.toArray() as number[]).map(Boolean);
  all.dispose();
  return { abort: abortAll, end: endAll, save: saveAll };
}

/** One bucket of a batch's losses and gradients, flat, in the widest dtype of the gradients and float32 at least. */
export interface Bucket {
  flat: Tensor;
  parts: readonly string[];
}

/** Of parameters without a gradient zeros, and a mark that there is none. */
export function packBucket(
  total: Tensor,
  parts: Readonly<Record<string, Tensor>>,
  parameters: readonly NamedParameter[],
): Bucket {
  // prettier-ignore
  return torch.noGrad(() => {
    const wide = parameters.some(([, { dtype }]) => dtype === 'float64');
    const dtype: DType = wide ? 'float64' : 'float32';
    const grads = parameters.map(([, parameter]) => parameter.grad);
    const home = total.device;
    const marks = torch.tensor(grads.map((grad) => (grad ? 1 : 0)), { dtype, device: home }); // prettier-ignore
    const numbers = [total, ...Object.values(parts)].map((number) => number.detach().to(home, dtype).reshape([1]));
    const flat = grads.map((grad, i) => (grad ?? torch.zerosLike(parameters[i][1])).to(home, dtype).flatten());
    return { flat: torch.cat([...numbers, marks, ...flat]), parts: Object.keys(parts) };
  });
}

/** Gives the parameters the sum of the ranks' gradients, on top of what was gathered before this batch. */
export function unpackBucket(
  sum: Tensor,
  parts: readonly string[],
  parameters: readonly NamedParameter[],
  gathered: readonly (Tensor | null)[],
): LossNumbers {
  // prettier-ignore
  return torch.noGrad(() => {
    const counts = parts.length + 1;
    const numbers = sum.narrow(0, 0, counts + parameters.length).toArray() as number[];
    let at = counts + parameters.length;
    for (const [i, [, parameter]] of parameters.entries()) {
      const length = parameter.numel();
      const part = sum.narrow(0, at, length).view(parameter.shape);
      at += length;
      const before = gathered[i];
      if (numbers[counts + i] === 0) parameter.grad = before;
      else {
        const own = part.to(parameter.device, parameter.dtype);
        parameter.grad = before ? before.add(own) : own.clone();
      }
    }
    const [value, ...values] = numbers;
    return { value, values: Object.fromEntries(parts.map((name, i) => [name, values[i]])) };
  });
}

/**
 * @throws Error on every rank when their parameters are not the same bits: a rank computes something else, and the run is
 * no longer one
 */
export async function requireSameWeights(group: ProcessGroup, parameters: readonly NamedParameter[]): Promise<void> {
  const hashes = await group.allGatherJson(hashOf(parameters));
  const other = hashes.findIndex((hash) => hash !== hashes[0]);
  if (other > 0)
    throw new Error(`the weights of rank ${other} are no longer those of rank 0: the ranks have come apart`);
}

function hashOf(parameters: readonly NamedParameter[]): string {
  const hash = createHash('sha256');
  torch.scope(() => {
    for (const [name, parameter] of parameters) {
      const bytes = parameter.detach().to('cpu').contiguous().view('uint8');
      hash.update(name).update(bytes.toTypedArray() as Uint8Array);
    }
  });
  return hash.digest('hex');
}

/** Gives every rank the first one's parameters: another processor may have drawn others from the same seed. */
export async function takeFirstWeights(group: ProcessGroup, parameters: readonly NamedParameter[]): Promise<void> {
  for (const [, parameter] of parameters) {
    const first = await group.broadcast(parameter);
    torch.noGrad(() => void parameter.copy_(first));
    first.dispose();
  }
}
