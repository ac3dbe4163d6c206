/** Latent self-other overlap: how differently the whole network computes for the two prompts of a pair. */
import { torch, type Tensor } from '../torch';
import type { LanguageModel } from '../models';
import { capture, inMode, Linear } from '../nn';
import { mean } from '../statistics';
import { meanSquare } from './distances';
import { logitsOf } from './forward';
import { pairBatch, type TokenPair } from './pairs';
import { compareAt, differs, POSITIONS, type PositionChoice, type Positions } from './positions';

export interface LatentOptions extends PositionChoice {
  /** Called before each pair with how many are done; what it throws ends the measuring. */
  onPair?: (done: number) => void;
}

export interface LatentOverlap {
  /** Mean over pairs of the mean over modules. */
  mean: number;
  /** Mean over pairs, by the module's name without the adapter's wrapping. */
  perModule: Record<string, number>;
  /** One mean over modules for each pair that was measured. */
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
 * @throws RangeError for no pairs, or none that has the chosen positions
 */
export function latentOverlap(
  model: LanguageModel,
  pairs: readonly TokenPair[],
  options: LatentOptions = {},
): LatentOverlap {
  const { positions = 'all' } = options;
  const overlap = measure(model, pairs, [positions], options).get(positions);
  if (!overlap) throw new RangeError('latentOverlap: the two sides of these pairs differ in no token');
  return overlap;
}

/**
 * {@link latentOverlap} at each choice of positions, from the same passes. A pair whose sides differ in no token that can
 * be compared is left out of `differing`; null where that is all of them.
 */
export function latentOverlaps(
  model: LanguageModel,
  pairs: readonly TokenPair[],
  options: Omit<LatentOptions, 'positions'> = {},
): Record<Positions, LatentOverlap | null> {
  const measured = measure(model, pairs, POSITIONS, options);
  const of = (positions: Positions): LatentOverlap | null => measured.get(positions) ?? null;
  return { all: of('all'), last: of('last'), differing: of('differing') };
}

/** The means of {@link latentOverlaps}; null where no pair could be compared. */
export function latentMeans(model: LanguageModel, pairs: readonly TokenPair[]): Record<Positions, number | null> {
  const { all, last, differing } = latentOverlaps(model, pairs);
  return { all: all?.mean ?? null, last: last?.mean ?? null, differing: differing?.mean ?? null };
}

function measure(
  model: LanguageModel,
  pairs: readonly TokenPair[],
  choices: readonly Positions[],
  options: LatentOptions,
): Map<Positions, LatentOverlap> {
  if (pairs.length === 0) throw new RangeError('latentOverlap: wanted pairs, got none');
  using captured = capture(model, isMeasured, { detach: true });
  const measured = inMode(model, 'eval', () =>
    pairs.map((pair, done) => {
      options.onPair?.(done);
      return torch.scope(() => torch.noGrad(() => distances(model, captured, pair, choices, options)));
    }),
  );
  const unequal = pairs.filter(({ selfIds, otherIds }) => selfIds.length !== otherIds.length).length;
  return new Map(
    choices.flatMap((positions) => {
      const each = measured.flatMap((one) => one.get(positions) ?? []);
      return each.length > 0 ? [[positions, summary(each, unequal)] as const] : [];
    }),
  );
}

/** The mean square of one pair on each module, by choice of positions. */
function distances(
  model: LanguageModel,
  captured: { take(): Map<string, Tensor> },
  pair: TokenPair,
  choices: readonly Positions[],
  options: LatentOptions,
): Map<Positions, Map<string, number>> {
  const batch = pairBatch([pair], { device: model.device });
  const activations = (['self', 'other'] as const).map((side) => {
    logitsOf(model, batch[side]);
    return captured.take();
  });
  const [self, other] = activations;
  const names = [...self.keys()];
  const measured = new Map<Positions, Map<string, number>>();
  for (const positions of choices) {
    if (positions === 'differing' && !differs(pair)) continue;
    const each = names.map((name) => {
      const [a, b] = [self, other].map((side) => side.get(name)?.to(model.device));
      if (!a || !b) throw new Error(`latentOverlap: '${name}' took no part in one of the two passes`);
      return meanSquare(compareAt(a, b, batch, { ...options, positions })).to('float64');
    });
    const values = torch.stack(each).toArray() as number[];
    measured.set(positions, new Map(names.map((name, i) => [plainName(name), values[i]])));
  }
  return measured;
}

function summary(measured: readonly ReadonlyMap<string, number>[], unequal: number): LatentOverlap {
  const names = [...measured[0].keys()];
  const perPair = measured.map((distances) => mean([...distances.values()]));
  return {
    mean: mean(perPair),
    perModule: Object.fromEntries(names.map((name) => [name, mean(measured.map((one) => one.get(name) ?? NaN))])),
    perPair,
    unequal,
  };
}
