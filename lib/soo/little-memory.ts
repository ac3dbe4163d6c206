/** What takes less memory, for who ran out of it. */
import type { LanguageModel } from '../models';
import { Linear4bit } from '../nn';
import { isOutOfMemory } from '../torch';
import type { FinetuneConfig } from './finetune-config';
import { comparesWholeBatch } from './share';

/** Settings that would take less, the one first that changes no result. */
function savings(model: LanguageModel, config: FinetuneConfig): string[] {
  const isWhole = !model.namedModules().some(([, module]) => module instanceof Linear4bit);
  return [
    ...(config.gradientCheckpointing
      ? []
      : ['gradientCheckpointing (--gradient-checkpointing), with the same results']),
    ...fewerAtOnce(config),
    ...(isWhole ? ['a model of four bits (--quantize nf4)'] : []),
  ];
}

/** Pieces, or where a batch cannot be split a smaller one. */
function fewerAtOnce({ batch, microBatch, ...config }: FinetuneConfig): string[] {
  if (batch === 1 || microBatch === 'auto' || microBatch === 1) return [];
  if (comparesWholeBatch(config) !== undefined)
    return [`a batch of fewer than ${batch} pairs (--batch) and a larger accumulate`];
  return ["microBatch: 'auto' (--micro-batch auto), with the same results but for rounding and dropout's draws"];
}

/**
 * An error that says memory did not suffice, in libtorch's words for what was asked and what is free, with the settings
 * that would take less; any other as it is.
 */
export function withSavings(thrown: unknown, model: LanguageModel, config: FinetuneConfig): unknown {
  if (!isOutOfMemory(thrown)) return thrown;
  const each = savings(model, config);
  if (each.length === 0) return thrown;
  const told = new Error(`finetune: ${thrown.message} Less is taken by ${each.join('; ')}`, { cause: thrown });
  return Object.assign(told, { code: 'ERR_OUT_OF_MEMORY' });
}
