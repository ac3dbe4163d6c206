/** Forward passes that the losses need: logits, or what one module computes on the way to them. */
import { torch, type Tensor } from '../torch';
import { capture } from '../nn';
import { SharedPads, type LanguageModel } from '../models';
import type { PairSide } from './pairs';

/** What terms that compare with the model before tuning need of an adapter: the frozen base under it. */
export interface OverFrozenBase {
  withoutAdapter<R>(work: () => R): R;
}

/** Without a graph nothing needs what lies between: all pairs at once would make gigabytes. */
const frees = (): boolean => !torch.isGradEnabled();

/** What the head of a model reads, [batch, width, hidden]. */
export function hiddenStatesOf(model: LanguageModel, { ids, attentionMask, positions, lengths }: PairSide): Tensor {
  return model.hiddenStates(ids, {
    attentionMask,
    positions,
    sharedPads: SharedPads.of(attentionMask, lengths),
    frees: frees(),
  });
}

/** Logits [batch, width, vocab], or [batch, 1, vocab] of the last column. */
export function logitsOf(model: LanguageModel, side: PairSide, lastTokenOnly = false): Tensor {
  const { ids, attentionMask, positions } = side;
  return model.call(ids, { attentionMask, padded: true, positions, lastTokenOnly, frees: frees() });
}

/** Thrown by a hook to end a forward pass that has given what was wanted of it. */
class Reached extends Error {}

/**
 * What the module of that dotted name computes, with its gradient; no module after it runs.
 * @returns [batch, width, features]
 */
export function activationOf(model: LanguageModel, name: string, side: PairSide): Tensor {
  using captured = capture(model, [name]);
  using _stop = model.getModule(name).registerForwardHook(() => {
    throw new Reached();
  });
  const { ids, attentionMask, positions, lengths } = side;
  const sharedPads = SharedPads.of(attentionMask, lengths);
  try {
    model.call(ids, { attentionMask, padded: true, positions, sharedPads, frees: frees() });
  } catch (thrown) {
    if (!(thrown instanceof Reached)) throw thrown;
  }
  const activation = captured.activations.get(name)?.to(model.device);
  if (!activation) throw new RangeError(`activationOf: '${name}' took no part in the forward pass`);
  return sharedPads ? sharedPads.spread(activation) : activation;
}
