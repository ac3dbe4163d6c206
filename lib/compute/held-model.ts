/** The model that a compute worker's thread holds, and the prompts that go to it. */
import { InputError } from '../files/input-error';
import type { ResolvedModel } from '../hub';
import { encodePrompts, rawFormat, type DecoderConfig, type LanguageModel } from '../models';
import { loadLora, type LoraAdapter } from '../peft';
import { chatPrompts, type ChatSettings, type PromptFormat } from '../text';

/** Prompts as texts, or as token ids; none of them empty. */
export type Prompts = readonly string[] | readonly (readonly number[])[];

export interface PromptOptions {
  /** Puts texts into the model's own chat template, `{}` as it is; by default they go raw. */
  chat?: ChatSettings;
}

/** What is known of a model that was loaded. */
export interface ModelInfo extends ResolvedModel {
  readonly config: DecoderConfig;
  /** Of the weights. */
  readonly dtype: LanguageModel['dtype'];
  readonly device: string;
  /** Numbers in its weights; two of four bits count as one. */
  readonly parameters: number;
  readonly hasTokenizer: boolean;
  readonly hasChatTemplate: boolean;
}

interface Held {
  model: LanguageModel;
  found: ResolvedModel;
}

export class HeldModel {
  #held: Held | undefined;
  #adapter: LoraAdapter | undefined;

  /** @throws InputError before a model was loaded */
  get model(): LanguageModel {
    return this.#now.model;
  }

  /** Where the model came from. */
  get found(): ResolvedModel {
    return this.#now.found;
  }

  get hasAdapter(): boolean {
    return this.#adapter !== undefined;
  }

  get #now(): Held {
    if (!this.#held) throw new InputError('compute worker: no model is loaded; load() comes first');
    return this.#held;
  }

  /** Frees the model and its adapter. */
  drop(): void {
    this.useAdapter(null);
    for (const tensor of this.#held?.model.stateDict().values() ?? []) tensor.dispose();
    this.#held = undefined;
  }

  hold(model: LanguageModel, found: ResolvedModel): void {
    this.#held = { model, found };
  }

  /** Takes the adapter off, and puts the one of a PEFT folder on. */
  useAdapter(folder: string | null): void {
    this.#adapter?.dispose();
    this.#adapter = folder === null ? undefined : loadLora(this.model, folder);
    if (this.#adapter) this.model.eval();
  }

  info(): ModelInfo {
    const { model, found } = this.#now;
    const { config, dtype, tokenizer } = model;
    return {
      ...found,
      config,
      dtype,
      device: String(model.device),
      parameters: model.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0),
      hasTokenizer: tokenizer !== null,
      hasChatTemplate: tokenizer?.hasChatTemplate ?? false,
    };
  }

  /** How texts reach the model. @throws InputError for a model without tokenizer, or without template where one is asked */
  format({ chat }: PromptOptions): PromptFormat {
    const raw = rawFormat(this.model);
    return chat ? chatPrompts(raw.tokenizer, chat) : raw;
  }

  /** Token ids of prompts. @throws InputError for texts that cannot be encoded */
  encode(prompts: Prompts, options: PromptOptions): (readonly number[])[] {
    if (!areTexts(prompts)) return [...prompts];
    return encodePrompts(this.model, prompts, { format: this.format(options) });
  }
}

export const areTexts = (prompts: Prompts): prompts is readonly string[] => typeof prompts[0] === 'string';
