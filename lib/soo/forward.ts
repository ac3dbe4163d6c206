/** Forward passes that the losses need: logits, or what one module computes on the way to them. */
import type { Tensor } from '../torch';
import { capture, type AnyModule, type Module } from '../nn';
import { Packing, type ForwardOptions } from '../models';
import type { PairSide } from './pairs';

/** A model that takes token ids [batch, seq] and gives logits [batch, seq, vocab]. */
export type CausalModel = Module<[ids: Tensor, options?: ForwardOptions]>;

/** A causal model whose hidden states can be had without going through its head, and which packs. */
export interface Decoder extends CausalModel {
  readonly lmHead: AnyModule;
  /** What the head reads, [batch, seq, hidden]. */
  hiddenStates(ids: Tensor, options?: ForwardOptions): Tensor;
}

export function isDecoder(model: CausalModel): model is Decoder {
  return 'hiddenStates' in model && 'lmHead' in model;
}

/** What the head of a decoder reads, [batch, width, hidden]. */
export function hiddenStatesOf(model: Decoder, { ids, attentionMask, positions }: PairSide): Tensor {
  return model.hiddenStates(ids, { attentionMask, positions, packing: Packing.of(attentionMask) });
}

/** Logits [batch, width, vocab], or [batch, 1, vocab] of the last column. */
export function logitsOf(model: CausalModel, side: PairSide, lastTokenOnly = false): Tensor {
  const { ids, attentionMask, positions } = side;
  return model.call(ids, { attentionMask, positions, lastTokenOnly });
}

/** Thrown by a hook to end a forward pass that has given what was wanted of it. */
class Reached extends Error {}

/**
 * What the module of that dotted name computes, with its gradient; no module after it runs.
 * @returns [batch, width, features]
 */
export function activationOf(model: CausalModel, name: string, side: PairSide): Tensor {
  using captured = capture(model, [name]);
  using _stop = model.getModule(name).registerForwardHook(() => {
    throw new Reached();
  });
  const { ids, attentionMask, positions } = side;
  const packing = isDecoder(model) ? Packing.of(attentionMask) : undefined;
  try {
    model.call(ids, { attentionMask, positions, packing });
  } catch (thrown) {
    if (!(thrown instanceof Reached)) throw thrown;
  }
  const activation = captured.activations.get(name);
  if (!activation) throw new RangeError(`activationOf: '${name}' took no part in the forward pass`);
  return packing ? packing.unpack(activation) : activation;
}
