/** What takes less memory, for who ran out of it. */
import type { LanguageModel } from '../models';
import { Linear4bit } from '../nn';
import type { FinetuneConfig } from './finetune-config';

const isOutOfMemory = (thrown: unknown): thrown is Error =>
  thrown instanceof Error && (thrown as NodeJS.ErrnoException).code === 'ERR_OUT_OF_MEMORY';

/** Settings that would take less, the one first that changes no result. */
function savings(model: LanguageModel, config: FinetuneConfig): string[] {
  const isWhole = !model.namedModules().some(([, module]) => module instanceof Linear4bit);
  return [
    ...(config.gradientCheckpointing
      ? []
      : ['gradientCheckpointing (--gradient-checkpointing), with the same results']),
    ...(config.batch > 1 ? [`a batch of fewer than ${config.batch} pairs (--batch) and a larger accumulate`] : []),
    ...(isWhole ? ['a model of four bits (--quantize nf4)'] : []),
  ];
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
