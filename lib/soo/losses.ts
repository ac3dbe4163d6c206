/** The self-other overlap losses and the capability term, as functions that the fine-tuning loop is handed. */
import { inFloat32, torch, type Tensor } from '../torch';
import { inMode } from '../nn';
import { padLeft, type LanguageModel, type PaddedBatch } from '../models';
import { partsOf, type Loss, type LossParts } from '../training/loss';
import { PieceByPiece } from '../training/pieces';
import { frozenHead, sumKl } from './chunked-kl';
import { batchMeanKl, meanKl, meanSquare } from './distances';
import { activationOf, hiddenStatesOf, logitsOf, type OverFrozenBase } from './forward';
import { readsLayer, type FinetuneConfig } from './finetune-config';
import { KEEPING, keepingLosses, type Keeping } from './keeping-losses';
import { pairBatch, type PairBatch, type PairSide, type TokenPair } from './pairs';
import { inPieces, type TokenBatch } from './share';
import { compareAt, countedRows, type Compared, type PositionChoice } from './positions';

export interface OverlapOptions extends PositionChoice {
  /**
   * Leaves the self side where it is: no gradient flows through it, and the other side moves towards it. Without it
   * both sides move, as upstream's do. Default false.
   */
  detachSelf?: boolean;
}

type Pass = (side: PairSide) => Tensor;

function bothSides(pass: Pass, batch: PairBatch, detachSelf: boolean): { self: Tensor; other: Tensor } {
  if (detachSelf) return { self: torch.noGrad(() => pass(batch.self)), other: pass(batch.other) };
  const [self, other] = pass(batch).chunk(2, 0) as [Tensor, Tensor];
  return { self, other };
}

/**
 * The paper's loss: mean squared error between what one module computes for the two prompts. Modules after it do not
 * run.
 * @param options.at dotted name of the module, such as `model.layers.19.self_attn.o_proj`
 */
export function mseLoss(model: LanguageModel, options: OverlapOptions & { at: string }): (batch: PairBatch) => Tensor {
  const { at, detachSelf = false } = options;
  model.getModule(at); // a wrong name should be told now, not at the first batch
  return (batch) => {
    const { self, other } = bothSides((side) => activationOf(model, at, side), batch, detachSelf);
    const compared = compareAt(self, other, batch, options);
    const everyColumn = options.countPads && (options.positions ?? 'all') === 'all';
    return everyColumn ? meanSquare(compared).mul(self.size(1) / batch.countedWidth) : meanSquare(compared);
  };
}

/**
 * Upstream's loss: KL divergence between the next-token distributions for the two prompts, `batchmean`. Where the head
 * is a frozen matrix the logits are never held as a whole.
 */
export function klLoss(model: LanguageModel, options: OverlapOptions = {}): (batch: PairBatch) => Tensor {
  const { detachSelf = false, positions } = options;
  return (batch) => {
    const { logitDivisor, logitSoftcap } = model.config;
    const head = logitDivisor === 1 && logitSoftcap === null ? frozenHead(model.lmHead) : undefined;
    if (head) {
      const { self, other } = bothSides((side) => hiddenStatesOf(model, side), batch, detachSelf);
      const [a, b] = rowsOf(compareAt(self, other, batch, options), batch, options);
      return sumKl(a, b, head).div(batch.size);
    }
    const pass: Pass = (side) => logitsOf(model, side, positions === 'last');
    const { self, other } = bothSides(pass, batch, detachSelf);
    return batchMeanKl(compareAt(self, other, batch, options));
  };
}

/**
 * Cross-entropy of the next tokens of both prompts, or of their answers alone where the pairs have some: mean over the
 * tokens that count, in float32. Nothing is drawn together: on the prompts of pairs it is a sham, which shows what seeing
 * them does; on honest answers it is plain supervision.
 */
export function nextTokenLoss(model: LanguageModel): (batch: PairBatch) => Tensor {
  return ({ ids, attentionMask, positions, answers }) => {
    const width = ids.size(1);
    const logits = model.call(ids, { attentionMask, padded: true, positions }).narrow(1, 0, width - 1);
    const losses = torch.crossEntropyLoss(inFloat32(logits).flatten(0, 1), ids.narrow(1, 1, width - 1).flatten(), undefined, 0); // prettier-ignore
    // Left of a real token that is predicted stands a real one, or the pad before a prompt's first.
    const counting = answers?.narrow(1, 1, width - 1) ?? attentionMask?.narrow(1, 0, width - 1);
    if (!counting) return losses.mean();
    const counted = counting.flatten().to('float32');
    return losses.mul(counted).sum().div(counted.sum());
  };
}

/** The rows [positions, hidden] of both sides that count. Where both are pads they are equal and add nothing to the KL. */
function rowsOf({ self, other }: Compared, batch: PairBatch, choice: PositionChoice): [Tensor, Tensor] {
  const [a, b] = [self.flatten(0, 1), other.flatten(0, 1)];
  const rows = countedRows(batch, choice);
  if (!rows) return [a, b];
  const counted = torch.tensor(rows, { dtype: 'int64', device: self.device });
  return [a.indexSelect(0, counted), b.indexSelect(0, counted)];
}

/**
 * The capability term: KL(frozen base || tuned) on neutral documents, nats per token. 0 but for
 * rounding for a fresh adapter.
 * @returns a loss over documents as `padLeft` gives them
 */
export function capabilityLoss(model: LanguageModel, adapter: OverFrozenBase): (documents: PaddedBatch) => Tensor {
  return ({ ids, attentionMask, lengths }) => {
    const padded = lengths && attentionMask !== undefined;
    const base = adapter.withoutAdapter(() => torch.noGrad(() => model.call(ids, { attentionMask, padded })));
    return meanKl(base, model.call(ids, { attentionMask, padded }), attentionMask);
  };
}

/**
 * A weighted sum of losses over one batch. The parts are kept, unweighted, for the record.
 *
 *   weightedSum({ overlap: [1 / start, (b) => mse(b.pairs)], capability: [3, (b) => capability(b.documents)] })
 */
export function weightedSum<Batch>(
  terms: Readonly<Record<string, readonly [weight: number, loss: (batch: Batch) => Tensor]>>,
): (batch: Batch) => LossParts {
  const entries = Object.entries(terms);
  if (entries.length === 0) throw new RangeError('weightedSum: wanted at least one term, got none');
  for (const [name, [weight]] of entries) {
    if (!Number.isFinite(weight)) throw new RangeError(`weightedSum: the weight of '${name}' is ${weight}`);
  }
  return (batch) => {
    const parts = entries.map(([name, [, loss]]) => [name, loss(batch)] as const);
    const weighted = parts.map(([, part], i) => part.mul(entries[i][1][0]));
    return { total: weighted.reduce((sum, part) => sum.add(part)), parts: Object.fromEntries(parts) };
  };
}

type Configured = (pairs: readonly TokenPair[], width?: number) => Tensor;

/** The losses by their names in a configuration; `at` is the module that one compares which reads a layer. */
const LOSSES: Readonly<
  Record<
    FinetuneConfig['loss'],
    (model: LanguageModel, options: OverlapOptions, at: () => string) => (batch: PairBatch) => Tensor
  >
> = {
  kl: (model, options) => klLoss(model, options),
  mse: (model, options, at) => mseLoss(model, { ...options, at: at() }),
  lm: (model) => nextTokenLoss(model),
};

/** The overlap loss that a configuration names, without its weight. */
function configuredOverlap(model: LanguageModel, config: FinetuneConfig, padId: number): Configured {
  const { positions, detachSelf, layer, numbering, pad } = config;
  const options: OverlapOptions = {
    detachSelf,
    countPads: positions === 'all',
    positions: positions === 'real' ? 'all' : positions,
  };
  const loss = LOSSES[config.loss](model, options, () => {
    if (layer === null) throw new RangeError('finetune: the MSE loss wants a layer, got none');
    return model.attentionOutput(layer);
  });
  const countAs = pad === 'longest' ? undefined : pad;
  return (pairs, width) => loss(pairBatch(pairs, { padId, width, numbering, countAs, device: model.device }));
}

/** The same of a batch, of which there may be a share alone. */
const sharedOverlap =
  (overlap: Configured) =>
  ({ pairs, share }: TokenBatch): Tensor =>
    share ? overlap(pairs, share.width).mul(share.overlap) : overlap(pairs);

/**
 * The loss that a configuration names, over batches of token pairs.
 * @param start the pairs' distance before the first step; wanted when it is the unit
 */
export function configuredLoss(
  model: LanguageModel,
  adapter: OverFrozenBase,
  { config, padId, start }: { config: FinetuneConfig; padId: number; start: number | null },
): Loss<TokenBatch> {
  const overlap = configuredOverlap(model, config, padId);
  const weight = config.overlap / (config.overlapUnit === 'start' ? (start ?? NaN) : config.overlapUnit);
  const keeping = configuredKeeping(model, adapter, config, padId);
  const overlapLoss = sharedOverlap(overlap);
  if (config.capability === 0 && weight === 1 && !keeping) return overlapLoss;
  const capability = capabilityLoss(model, adapter);
  const documentsLoss = ({ documents, share }: TokenBatch): Tensor => {
    const loss = capability(padLeft(documents, { padId, length: share?.documentWidth, device: model.device }));
    return share ? loss.mul(share.capability) : loss;
  };
  const summed = weightedSum<TokenBatch>({
    ...(config.overlap === 0 ? {} : { overlap: [weight, overlapLoss] as const }),
    ...(config.capability === 0 ? {} : { capability: [config.capability, documentsLoss] as const }),
  });
  return keeping ? (batch) => added(summed(batch), keeping(batch.pairs), config) : summed;
}

/** The terms that a configuration gives a weight; undefined where there are none. */
function configuredKeeping(
  model: LanguageModel,
  adapter: OverFrozenBase,
  config: FinetuneConfig,
  padId: number,
): ((pairs: readonly TokenPair[]) => Partial<Record<Keeping, Tensor>>) | undefined {
  const { detachSelf, positions, numbering, layer, loss } = config;
  const terms = KEEPING.filter((term) => config[term] > 0);
  if (terms.length === 0) return undefined;
  const at = readsLayer(loss) && layer !== null ? model.attentionOutput(layer) : undefined;
  return keepingLosses(model, adapter, terms, {
    ...{ at, detachSelf, numbering, padId },
    positions: positions === 'real' ? 'all' : positions,
  });
}

function added({ total, parts }: LossParts, more: Partial<Record<Keeping, Tensor>>, config: FinetuneConfig): LossParts {
  const terms = Object.entries(more) as [Keeping, Tensor][];
  return {
    total: terms.reduce((sum, [name, term]) => sum.add(term.mul(config[name])), total),
    parts: { ...parts, ...more },
  };
}

/** The distance of pairs: a configuration's overlap loss on all of them at once, without dropout. */
export function pairDistance(
  model: LanguageModel,
  pairs: readonly TokenPair[],
  { config, padId }: { config: FinetuneConfig; padId: number },
): number {
  const overlapOf = sharedOverlap(configuredOverlap(model, config, padId));
  const whole: TokenBatch = { pairs, documents: [] };
  const work = new PieceByPiece(inPieces(config), []);
  return inMode(model, 'eval', () =>
    torch.scope(() =>
      torch.noGrad(() => Number(work.compute(whole, (piece) => partsOf(overlapOf(piece))).total.item())),
    ),
  );
}
