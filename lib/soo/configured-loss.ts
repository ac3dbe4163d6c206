/** The loss that a configuration names, over batches of token pairs. */
import { padLeft, type LanguageModel } from '../models';
import type { LoraAdapter } from '../peft';
import type { Tensor } from '../torch';
import type { Loss } from '../training/train';
import { capabilityLoss, klLoss, mseLoss, weightedSum, type OverlapOptions } from './losses';
import { pairBatch, type PairBatch, type TokenPair } from './pairs';
import type { TuningConfig } from './finetune-config';

/** One batch of a run, as token ids. */
export interface TokenBatch {
  pairs: TokenPair[];
  /** Neutral texts for the capability term. */
  documents: readonly (readonly number[])[];
}

export function lossOf(
  model: LanguageModel,
  adapter: LoraAdapter,
  config: TuningConfig,
  padId: number,
): Loss<TokenBatch> {
  const overlap = overlapOf(model, config);
  const { device } = model;
  const tensors = (pairs: TokenPair[]): PairBatch => {
    // Positions count the pads, as upstream's do, which hands the model none; only differences of positions matter.
    const countAs = config.pad === 'longest' ? undefined : config.pad;
    return pairBatch(pairs, { padId, numbering: 'padded', countAs, device });
  };
  if (config.capability === 0) return ({ pairs }) => overlap(tensors(pairs));
  const capability = capabilityLoss(model, adapter);
  return weightedSum<TokenBatch>({
    overlap: [1, ({ pairs }) => overlap(tensors(pairs))],
    capability: [config.capability, ({ documents }) => capability(padLeft(documents, { padId, device }))],
  });
}

function overlapOf(model: LanguageModel, config: TuningConfig): (batch: PairBatch) => Tensor {
  const { positions, detachSelf, layer } = config;
  const options: OverlapOptions = {
    detachSelf,
    countPads: positions === 'all',
    positions: positions === 'real' ? 'all' : positions,
  };
  if (config.loss === 'kl') return klLoss(model, options);
  if (layer === null) throw new RangeError('lossOf: the MSE loss wants a layer, got none');
  return mseLoss(model, { ...options, at: model.attentionOutput(layer) });
}
