import { Template } from '@huggingface/jinja';
import { InputError, messageOf } from '../files/input-error';

export interface ChatMessage {
  role: string;
  content: string;
}

/** What a template may refer to beside the messages. */
export interface ChatVariables {
  bos_token?: string;
  eos_token?: string;
  pad_token?: string;
  unk_token?: string;
}

/** A model's chat template (Jinja source), parsed once. */
export class ChatTemplate {
  readonly #template: Template;

  /** @throws InputError when the source does not parse. */
  constructor(source: string) {
    try {
      this.#template = new Template(source);
    } catch (thrown) {
      throw new InputError(`chat template: ${messageOf(thrown)}`);
    }
  }

  /**
   * The conversation as one text, special tokens spelled out: encode it with `addSpecialTokens: false`.
   * @throws InputError when the template refuses the messages (roles that do not alternate, say).
   */
  render(messages: ChatMessage[], variables: ChatVariables, addGenerationPrompt: boolean): string {
    const given = Object.entries(variables).filter(([, value]) => value !== undefined);
    try {
      return this.#template.render({
        ...Object.fromEntries(given),
        messages,
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (thrown) {
      throw new InputError(`chat template: ${messageOf(thrown)}`);
    }
  }
}
