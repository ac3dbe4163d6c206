import { torch, type DeviceLike, type Tensor } from '../torch';
import type { DecoderConfig, LayerView } from './decoder-config';
import type { Rope } from './rope';
import { rotationOf, type Rotation } from './rotary';
import type { BatchLayout, SharedPads } from './shared-pads';

/** How the queries of a layer look at keys. */
export interface Queries {
  /** Undefined where the layer knows no positions. */
  rotation: Rotation | undefined;
  /** What queries are multiplied by, [batch or 1, 1, seq, 1]. */
  growth: Tensor | undefined;
  /**
   * True where a query may look, or what is added to its scores, [batch or 1, 1, seq, total]; undefined when `causal` or
   * nothing says it all.
   */
  mask: Tensor | undefined;
  /** No mask is needed but the causal one, which the kernel knows by itself. */
  causal: boolean;
}

/** Where layers put their keys and values. */
export interface LayerCache {
  /** Takes those of new positions and returns all that may be looked at, [rows, kvHeads, total, headDim]. */
  append(layer: number, keys: Tensor, values: Tensor): [keys: Tensor, values: Tensor];
}

/** What all layers of one forward pass share. */
export interface AttentionPlan {
  /** One for each layer; layers that look alike share one. */
  layers: readonly Queries[];
  /** Only the last position's output is wanted of the last layer. */
  lastTokenOnly: boolean;
  /** Set for that layer: the last position asks, all positions are looked at. */
  lastQuery?: Queries;
  cache: LayerCache | undefined;
  /** What a layer made is freed before the next one starts. */
  frees: boolean;
  /** Set when hidden states are [1, rows, hidden]: only attention needs to know who stands where. */
  sharedPads: SharedPads | undefined;
  /** How attention lays them out; set with `sharedPads`. */
  layout: BatchLayout | undefined;
}

/** The plan of a last layer whose output is wanted for the last position only: its other queries are not made. */
export function forLastQuery(plan: AttentionPlan): AttentionPlan {
  const { rotation, growth, mask } = plan.layers.at(-1) as Queries;
  const last = (x: Tensor): Tensor => x.narrow(2, x.size(2) - 1, 1);
  const lastRotation = rotation && { cos: last(rotation.cos), sin: last(rotation.sin) };
  const lastQuery = { rotation: lastRotation, growth: growth && last(growth), mask: mask && last(mask), causal: false };
  return { ...plan, lastQuery };
}

/** The plan for layers of another device; what layers share is moved once. */
export function planOn(plan: AttentionPlan, device: DeviceLike): AttentionPlan {
  const moved = new Map<object, object>();
  const once = <T extends object>(shared: T | undefined, move: (shared: T) => T): T | undefined => {
    if (!shared) return undefined;
    if (!moved.has(shared)) moved.set(shared, move(shared));
    return moved.get(shared) as T;
  };
  const tensor = (shared: Tensor | undefined): Tensor | undefined => once(shared, (own) => own.to(device));
  const rotation = ({ cos, sin }: Rotation): Rotation => ({ cos: cos.to(device), sin: sin.to(device) });
  const queries = (own: Queries): Queries => ({
    rotation: once(own.rotation, rotation),
    growth: tensor(own.growth),
    mask: tensor(own.mask),
    causal: own.causal,
  });
  return {
    ...plan,
    layers: plan.layers.map((own) => once(own, queries) as Queries),
    sharedPads: plan.sharedPads?.to(device),
    layout: plan.layout?.to(device),
  };
}

/** Where a pass stands. */
export interface Place {
  /** [batch, past + seq], 1 for real tokens and 0 for pads. */
  attentionMask: Tensor | undefined;
  /** Whether it holds a 0; when left out it is asked, which waits for the device. */
  padded?: boolean;
  /** int64 [batch or 1, seq] */
  positions: Tensor;
  past: number;
  seq: number;
}

/**
 * How each layer looks at a pass: one rotation for each kind of positions, one mask for each window.
 * @param like has the dtype and the device that queries will have
 */
export function queriesOf(
  views: readonly LayerView[],
  config: DecoderConfig,
  place: Place,
  like: Tensor,
): readonly Queries[] {
  const { headDim, maxPositionEmbeddings } = config;
  const growth = growthOf(config, place.positions, like);
  const rotations = new Map<Rope | null, Rotation | undefined>();
  const masks = new Map<number | null, Tensor | undefined>();
  const made = new Map<LayerView, Queries>();
  for (const view of new Set(views)) {
    const { rope, window } = view;
    if (!rotations.has(rope))
      rotations.set(rope, rope ? rotationOf(place.positions, { rope, headDim, maxPositionEmbeddings }, like) : undefined); // prettier-ignore
    const narrow = window !== null && window < place.past + place.seq ? window : null;
    if (!masks.has(narrow)) masks.set(narrow, maskOf(place, like.device, narrow));
    const mask = masks.get(narrow);
    const causal = mask === undefined && place.seq > 1;
    made.set(view, { rotation: rotations.get(rope), growth, mask, causal });
  }
  return views.map((view) => made.get(view) as Queries);
}

/** 1 + beta log(1 + floor(position / original)), [batch or 1, 1, seq, 1] */
function growthOf({ queryGrowth }: DecoderConfig, positions: Tensor, like: Tensor): Tensor | undefined {
  if (!queryGrowth) return undefined;
  const spans = positions.div(queryGrowth.original).floor();
  return spans.log1p().mul(queryGrowth.beta).add(1).to(like.dtype).unsqueeze(1).unsqueeze(-1);
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
 * Which keys each query may look at: real ones at or before its own place, and with a window only the nearest. Queries
 * that are pads may look at nothing; their rows come out 0, as in transformers 5. Undefined when every token is real.
 * @param window real tokens that a query looks back, itself included
 */
export function maskOf(
  { attentionMask, padded, past, seq }: Omit<Place, 'positions'>,
  device: DeviceLike,
  window: number | null,
): Tensor | undefined {
  const total = past + seq;
  const masked = attentionMask?.ne(0);
  const hides = masked !== undefined && (padded ?? !masked.all().item());
  const real = hides ? masked.view([-1, 1, 1, total]) : undefined;
  const near = window === null ? undefined : nearOf(hides ? masked : undefined, past, seq, device, window);
  const seen = real && near ? real.logicalAnd(near) : (real ?? near);
  // A single query is the newest token: nothing lies after it. Without a past the kernel's own causal mask will do.
  if (seq === 1) return seen;
  if (past === 0 && !seen) return undefined;
  const causal = torch.ones([seq, total], { dtype: 'bool', device }).tril(past);
  return seen ? seen.logicalAnd(causal) : causal.view([1, 1, seq, total]);
}

/**
 * Which keys lie fewer than `window` real tokens before each query, [batch or 1, 1, seq, total]. Pads do not count,
 * wherever they stand.
 */
function nearOf(real: Tensor | undefined, past: number, seq: number, device: DeviceLike, window: number): Tensor {
  const total = past + seq;
  const counted = real ? real.cumsum(1) : torch.arange(0, total, { dtype: 'int64', device }).unsqueeze(0);
  return counted.narrow(1, past, seq).unsqueeze(-1).sub(counted.unsqueeze(1)).lt(window).unsqueeze(1);
}
