/** What the ranks of a run do together in its loop: decide alike, and add up losses and gradients. */
import { createHash } from 'node:crypto';
import type { ProcessGroup } from '../distributed';
import { torch, type DType, type Tensor } from '../torch';
import type { NamedParameter } from './gradients';
import type { LossParts } from './loss';

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

/** A batch's losses and gradients as one flat tensor, in the widest dtype of the gradients and float32 at least. */
export function packBucket({ total, parts }: LossParts, parameters: readonly NamedParameter[]): Tensor {
  return torch.noGrad(() => {
    const dtype: DType = parameters.some(([, each]) => each.dtype === 'float64') ? 'float64' : 'float32';
    const grads = parameters.flatMap(([, { grad }]) => grad ?? []);
    const all = [total, ...Object.values(parts), ...grads];
    return torch.cat(all.map((each) => each.detach().to(total.device, dtype).flatten()));
  });
}

/**
 * Gives the parameters that have a gradient the sum of the ranks' gradients, on top of what was gathered before this batch.
 * @returns the whole batch's losses
 */
export function unpackBucket(
  sum: Tensor,
  names: readonly string[],
  parameters: readonly NamedParameter[],
  gathered: readonly (Tensor | null)[],
): LossParts {
  return torch.noGrad(() => {
    const total = sum.select(0, 0);
    const parts = Object.fromEntries(names.map((name, i) => [name, sum.select(0, 1 + i)]));
    let at = 1 + names.length;
    for (const [i, [, parameter]] of parameters.entries()) {
      const before = gathered[i];
      if (!parameter.grad) parameter.grad = before;
      else {
        const own = sum.narrow(0, at, parameter.numel()).view(parameter.shape).to(parameter.device, parameter.dtype);
        parameter.grad = before ? before.add(own) : own.clone();
        at += parameter.numel();
      }
    }
    return { total, parts };
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
