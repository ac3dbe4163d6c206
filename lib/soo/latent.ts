/** Latent self-other overlap: how differently the whole network computes for the two prompts of a pair. */
import { torch, type Tensor } from '../torch';
import { capture, Linear } from '../nn';
import { meanSquare } from './distances';
import { logitsOf, type CausalModel } from './forward';
import { pairBatch, type PairBatchOptions, type TokenPair } from './pairs';
import { compareAt, type PositionChoice } from './positions';

export interface LatentOptions extends PositionChoice {
  device?: PairBatchOptions['device'];
}

export interface LatentOverlap {
  /** Mean over pairs of the mean over modules. */
  mean: number;
  /** Mean over pairs, by the module's name without the adapter's wrapping. */
  perModule: Record<string, number>;
  /** One mean over modules for each pair. */
  perPair: number[];
  /** Pairs whose prompts differ in length: aligned at their ends, and compared where both have a token. */
  unequal: number;
}

/** An adapter's own products are passed over; a wrapped layer reads as its base, which comes before the adapter's part. */
function isMeasured(name: string, module: unknown): boolean {
  return module instanceof Linear && !/(^|\.)lora_[AB](\.|$)/.test(name);
}

const plainName = (name: string): string => name.replace(/\.base_layer$/, '');

/**
 * Mean squared difference between the two prompts' outputs on every Linear (`lora_A` and `lora_B` skipped, so that q and
 * v read as the base's output; `lm_head` included), mean over modules, mean over pairs: upstream's `measure_mse.py`,
 * with its hooks removed. Upstream's pairs have prompts of one length; see {@link LatentOverlap.unequal} for others.
 * The model is measured in evaluation mode, one pair at a time, so that no pad is computed.
 */
export function latentOverlap(
  model: CausalModel,
  pairs: readonly TokenPair[],
  options: LatentOptions = {},
): LatentOverlap {
  if (pairs.length === 0) throw new RangeError('latentOverlap: wanted pairs, got none');
  const wasTraining = model.training;
  using captured = capture(model, isMeasured, { detach: true });
  model.eval();
  try {
    const measured = pairs.map((pair) =>
      torch.scope(() => torch.noGrad(() => distances(model, captured, pair, options))),
    );
    return summary(pairs, measured);
  } finally {
    model.train(wasTraining);
  }
}

/** The mean square of one pair on each module, [modules]. */
function distances(
  model: CausalModel,
  captured: { take(): Map<string, Tensor> },
  pair: TokenPair,
  options: LatentOptions,
): Map<string, number> {
  const batch = pairBatch([pair], { device: options.device });
  const activations = (['self', 'other'] as const).map((side) => {
    logitsOf(model, batch[side]);
    return captured.take();
  });
  const [self, other] = activations;
  const names = [...self.keys()];
  const each = names.map((name) => {
    const [a, b] = [self.get(name), other.get(name)];
    if (!a || !b) throw new Error(`latentOverlap: '${name}' took no part in one of the two passes`);
    return meanSquare(compareAt(a, b, batch, options)).to('float64');
  });
  const values = torch.stack(each).toArray() as number[];
  return new Map(names.map((name, i) => [plainName(name), values[i]]));
}

function summary(pairs: readonly TokenPair[], measured: readonly ReadonlyMap<string, number>[]): LatentOverlap {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const names = [...measured[0].keys()];
  const perPair = measured.map((distances) => mean([...distances.values()]));
  return {
    mean: mean(perPair),
    perModule: Object.fromEntries(names.map((name) => [name, mean(measured.map((one) => one.get(name) ?? NaN))])),
    perPair,
    unequal: pairs.filter(({ selfIds, otherIds }) => selfIds.length !== otherIds.length).length,
  };
}
