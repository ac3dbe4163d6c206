/** Losses that forbid the constant, beside the overlap loss and at the module that it compares. */
import { InputError } from '../files/input-error';
import { padLeft, type LanguageModel } from '../models';
import { torch, type Tensor } from '../torch';
import { activationOf, hiddenStatesOf, type OverFrozenBase } from './forward';
import { contrast, lostDifference, lostVariance, type Mask } from './keeping-formulas';
import type { PairBatchOptions, PairSide, TokenPair } from './pairs';
import type { Positions } from './positions';

export const KEEPING = ['variance', 'contrast', 'nameControl'] as const;
export type Keeping = (typeof KEEPING)[number];

export interface KeepingOptions extends Pick<PairBatchOptions, 'padId' | 'numbering'> {
  /** Dotted name of the module; by default what the head reads. */
  at?: string;
  /** Which positions count; `all` are all real ones. */
  positions?: Positions;
  /** Holds the self side where contrast would move it. */
  detachSelf?: boolean;
}

/**
 * What is computed for the prompts of pairs in one pass: self sides, other sides, these under another name where they
 * have one.
 */
interface Sides {
  self: Tensor;
  other: Tensor;
  renamed: Tensor | undefined;
}

/**
 * The terms of that name over a batch of pairs, each a scalar with gradient, from one pass of the tuned model and one of
 * the base under it.
 *
 * - `variance`: the variation over the batch's prompts stays what it is in the base, feature by feature;
 * - `contrast`: a self side is nearest to its own other side, and far from other prompts;
 * - `nameControl`: the difference between the other side and the same under another name stays what it is in the base.
 * @throws InputError for `nameControl` without pairs under another name
 */
export function keepingLosses(
  model: LanguageModel,
  adapter: OverFrozenBase,
  terms: readonly Keeping[],
  options: KeepingOptions = {},
): (pairs: readonly TokenPair[]) => Partial<Record<Keeping, Tensor>> {
  const { at, detachSelf = false } = options;
  if (at !== undefined) model.getModule(at);
  const pass = (side: PairSide): Tensor =>
    at === undefined ? hiddenStatesOf(model, side) : activationOf(model, at, side);
  return (pairs) => {
    const { batch, masks, renamed } = promptsOf(model, pairs, terms.includes('nameControl'), options);
    const sides = (computed: Tensor): Sides => {
      const x = options.positions === 'last' ? computed.narrow(1, computed.size(1) - 1, 1) : computed;
      const [self, other, another] = x.chunk(renamed ? 3 : 2, 0) as [Tensor, Tensor, Tensor | undefined];
      return { self, other, renamed: another };
    };
    const base = sides(adapter.withoutAdapter(() => torch.noGrad(() => pass(batch))));
    const now = sides(pass(batch));
    const held = detachSelf ? now.self.detach() : now.self;
    const computed: Record<Keeping, () => Tensor> = {
      variance: () =>
        lostVariance(now.self, base.self, masks.self)
          .add(lostVariance(now.other, base.other, masks.other))
          .div(2),
      contrast: () => contrast({ self: held, other: now.other }, base.other, [masks.self, masks.other]),
      nameControl: () =>
        lostDifference([now.other, now.renamed as Tensor], [base.other, base.renamed as Tensor], masks.names),
    };
    return Object.fromEntries(terms.map((term) => [term, computed[term]()]));
  };
}

interface Prompts {
  batch: PairSide;
  masks: { self: Mask; other: Mask; names: Mask };
  renamed: boolean;
}

function promptsOf(
  model: LanguageModel,
  pairs: readonly TokenPair[],
  wantsNames: boolean,
  { padId = 0, numbering = 'real', positions = 'all' }: KeepingOptions,
): Prompts {
  const renamed = wantsNames ? pairs.map(renamedOf) : [];
  const prompts = [...pairs.map(({ selfIds }) => selfIds), ...pairs.map(({ otherIds }) => otherIds), ...renamed];
  const { device } = model;
  const { ids, attentionMask, lengths } = padLeft(prompts, { padId, device });
  const width = ids.size(1);
  const numbered = numbering === 'padded' ? torch.arange(0, width, { dtype: 'int64', device }).unsqueeze(0) : undefined;
  const batch = { ids, attentionMask, positions: numbered, lengths };
  const rows = (x: Tensor, side: number): Tensor => x.narrow(0, side * pairs.length, pairs.length);
  const real = attentionMask && ((side: number): Tensor => rows(attentionMask, side).ne(0));
  const both = (a: number, b: number): Mask => real && real(a).logicalAnd(real(b));
  const differing = (a: number, b: number): Tensor => {
    const differ = rows(ids, a).ne(rows(ids, b));
    return real ? differ.logicalAnd(both(a, b) as Tensor) : differ;
  };
  const named = renamed.length > 0;
  if (positions === 'last') return { batch, masks: { self: undefined, other: undefined, names: undefined }, renamed: named }; // prettier-ignore
  if (positions === 'differing') {
    const differ = differing(0, 1);
    return {
      batch,
      masks: { self: differ, other: differ, names: named ? differing(1, 2) : undefined },
      renamed: named,
    };
  }
  return { batch, masks: { self: real?.(0), other: real?.(1), names: named ? both(1, 2) : undefined }, renamed: named };
}

function renamedOf({ renamedIds }: TokenPair, i: number): readonly number[] {
  if (renamedIds) return renamedIds;
  throw new InputError(
    `the name-control term wants every pair's other side under another name, and pair ${i} has none`,
  );
}
