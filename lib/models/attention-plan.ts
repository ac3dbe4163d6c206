import { torch, type DeviceLike, type Tensor } from '../torch';
import type { KvCache } from './kv-cache';
import type { Rotation } from './rotary';
import type { SharedPads } from './shared-pads';

/** How queries look at keys. */
export interface Queries {
  rotation: Rotation;
  /** Boolean, true where a query may look, [batch, 1, seq, total]; undefined when `causal` or nothing says it all. */
  mask: Tensor | undefined;
  /** No mask is needed but the causal one, which the kernel knows by itself. */
  causal: boolean;
}

/** What all layers of one forward pass share. */
export interface AttentionPlan extends Queries {
  /** Only the last position's output is wanted of the last layer. */
  lastTokenOnly: boolean;
  /** Set for that layer: the last position asks, all positions are looked at. */
  lastQuery?: Queries;
  cache: KvCache | undefined;
  /** Set when hidden states are [1, rows, hidden]: only attention needs to know who stands where. */
  sharedPads: SharedPads | undefined;
}

/** The plan of a last layer whose output is wanted for the last position only: its other queries are not made. */
export function forLastQuery(plan: AttentionPlan): AttentionPlan {
  const { rotation, mask } = plan;
  const last = (x: Tensor): Tensor => x.narrow(2, x.size(2) - 1, 1);
  const lastRotation = { cos: last(rotation.cos), sin: last(rotation.sin) };
  return { ...plan, lastQuery: { rotation: lastRotation, mask: mask && last(mask), causal: false } };
}

/**
 * Positions of the tokens, int64 [batch or 1, seq], as transformers' `generate` counts them: without a mask plainly from
 * `past`; with one, pads do not count and stand at 0.
 * @param attentionMask [batch, past + seq], 1 for real tokens and 0 for pads
 */
export function positionsOf(attentionMask: Tensor | undefined, past: number, seq: number, device: DeviceLike): Tensor {
  if (!attentionMask) return torch.arange(past, past + seq, { dtype: 'int64', device }).unsqueeze(0);
  const real = attentionMask.to('int64');
  return real.cumsum(1).sub(1).mul(real).narrow(1, past, seq);
}

/**
 * Which keys each query may look at: real ones at or before its own place. Queries that are pads may look at nothing;
 * their rows come out 0, as in transformers 5. Undefined when every token is real.
 * @param attentionMask [batch, past + seq]
 * @param padded whether it holds a 0; when left out it is asked, which waits for the device
 */
export function maskOf(
  attentionMask: Tensor | undefined,
  past: number,
  seq: number,
  device: DeviceLike,
  padded?: boolean,
): Tensor | undefined {
  const total = past + seq;
  const masked = attentionMask?.ne(0);
  const hides = masked !== undefined && (padded ?? !masked.all().item());
  const real = hides ? masked.view([-1, 1, 1, total]) : undefined;
  // A single query is the newest token: nothing lies after it. Without a past the kernel's own causal mask will do.
  if (seq === 1) return real;
  if (past === 0 && !real) return undefined;
  const causal = torch.ones([seq, total], { dtype: 'bool', device }).tril(past);
  return real ? real.logicalAnd(causal) : causal.view([1, 1, seq, total]);
}
