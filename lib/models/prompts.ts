import { InputError } from '../files/input-error';
import { rawPrompts, type PromptFormat } from '../text';
import type { LanguageModel } from './language-model';

export interface EncodeOptions {
  /** How prompts reach the model; by default raw, with the tokenizer of the model's own folder. */
  format?: PromptFormat;
  /** Lets prompts be longer than the model has positions for: for those who cut. Default false. */
  anyLength?: boolean;
}

/** The format of prompts that go raw. @throws InputError for a model without tokenizer */
export function rawFormat(model: LanguageModel): PromptFormat {
  if (!model.tokenizer) throw new InputError('prompts: the model has no tokenizer');
  return rawPrompts(model.tokenizer);
}

/**
 * Token ids of prompts, bos and template and all.
 * @throws InputError for a prompt that gives no tokens, more than the model has positions for, or one that it has no
 * embedding for
 */
export function encodePrompts(
  model: LanguageModel,
  prompts: readonly string[],
  { format = rawFormat(model), anyLength = false }: EncodeOptions = {},
): number[][] {
  const { vocabSize, maxPositionEmbeddings: most } = model.config;
  return prompts.map((prompt, i) => {
    const ids = format.encode(prompt);
    if (ids.length === 0) throw new InputError(`prompt ${i} gives no tokens`);
    const outside = ids.find((id) => id >= vocabSize);
    if (outside !== undefined)
      throw new InputError(`prompt ${i} holds token ${outside}, but vocab_size of config.json is ${vocabSize}`);
    if (!anyLength && ids.length > most)
      throw new InputError(
        `prompt ${i} has ${ids.length} tokens, but max_position_embeddings of config.json is ${most}`,
      );
    return ids;
  });
}

/** Tokens that end an answer to a prompt of that format: the model's own, and what ends a turn of the template. */
export const answerEnds = (model: Pick<LanguageModel, 'eosTokenIds'>, { turnEnds }: PromptFormat): number[] => [
  ...new Set([...model.eosTokenIds, ...turnEnds]),
];
