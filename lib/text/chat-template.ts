import { Environment, Template } from '@huggingface/jinja';
import { InputError, messageOf } from '../files/input-error';
import { withinSeconds } from '../files/time-limit';
import { strftime } from './python-date';
import { libraryGlobals, TemplateInterpreter } from './template-interpreter';

export interface ChatMessage {
  role: string;
  content: string;
}

/** What a template may refer to beside the messages: the tokenizer's special tokens by name. */
export interface ChatVariables {
  bos_token?: string;
  eos_token?: string;
  pad_token?: string;
  unk_token?: string;
}

/** JSON as `--template-kwargs` gives it. */
export type TemplateArguments = Readonly<Record<string, unknown>>;

export interface RenderOptions {
  /** Ends with the beginning of the assistant's turn. Default false. */
  addGenerationPrompt?: boolean;
  /** Further variables of the template, such as `enable_thinking`. */
  kwargs?: TemplateArguments;
  /** What `strftime_now` tells; asked only by templates that call it. Default: now. */
  now?: () => Date;
}

/** Of one rendering, whatever the template is: no conversation takes a hundredth of it. */
const SECONDS = 5;
/** Numbers that the `range`s of one rendering may make together. */
const MOST_NUMBERS = 1e5;

/** A model's chat template (Jinja source), parsed once. It is a program of whoever made the model: it runs bounded. */
export class ChatTemplate {
  readonly #template: Template;

  /** @throws InputError when the source does not parse. */
  constructor(source: string) {
    // Python's Jinja reads every line break of a source as this one.
    this.#template = bounded(() => new Template(source.replace(/\r\n?/g, '\n')));
  }

  /**
   * The conversation as one text, special tokens spelled out: encode it with `addSpecialTokens: false`. As transformers'
   * `apply_chat_template`, `tools` and `documents` are None where `kwargs` does not give them.
   * @throws InputError when the template refuses the messages (roles that do not alternate, say), or takes too much.
   */
  render(messages: readonly ChatMessage[], variables: ChatVariables, options: RenderOptions = {}): string {
    const { addGenerationPrompt = false, kwargs = {}, now = () => new Date() } = options;
    const environment = new Environment(libraryGlobals);
    const values = {
      range: boundedRange(),
      strftime_now: (format: string): string => strftime(now(), format),
      tools: null,
      documents: null,
      ...variables,
      ...kwargs,
      messages,
      add_generation_prompt: addGenerationPrompt,
    };
    return bounded(() => {
      for (const [name, value] of Object.entries(values)) if (value !== undefined) environment.set(name, value);
      return new TemplateInterpreter(environment).run(this.#template.parsed).value as string;
    });
  }
}

function bounded<R>(work: () => R): R {
  try {
    return withinSeconds(SECONDS, work);
  } catch (thrown) {
    throw new InputError(`chat template: ${messageOf(thrown)}`);
  }
}

/** Python's `range`, whose numbers are counted: one call could fill the memory, and end the process with it. */
function boundedRange(): (start: number, stop?: number, step?: number) => number[] {
  let left = MOST_NUMBERS;
  return (first, second, step = 1) => {
    const [start, stop] = second === undefined ? [0, first] : [first, second];
    if (!Number.isFinite(step) || step === 0) throw new Error(`range() step must not be ${step}`);
    const count = Math.max(0, Math.ceil((stop - start) / step)) || 0;
    left -= count;
    if (left < 0) throw new Error(`range() makes more than ${MOST_NUMBERS} numbers`);
    return Array.from({ length: count }, (_, i) => start + i * step);
  };
}
