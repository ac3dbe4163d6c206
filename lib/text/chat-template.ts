import { Environment, Interpreter, Template } from '@huggingface/jinja';
import { InputError, messageOf } from '../files/input-error';
import { withinSeconds } from '../files/time-limit';

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

/** Of one rendering, whatever the template is: no conversation takes a hundredth of it. */
const SECONDS = 5;
/** Numbers that the `range`s of one rendering may make together. */
const MOST_NUMBERS = 1e5;

/** A model's chat template (Jinja source), parsed once. It is a program of whoever made the model: it runs bounded. */
export class ChatTemplate {
  readonly #template: Template;

  /** @throws InputError when the source does not parse. */
  constructor(source: string) {
    this.#template = bounded(() => new Template(source));
  }

  /**
   * The conversation as one text, special tokens spelled out: encode it with `addSpecialTokens: false`.
   * @throws InputError when the template refuses the messages (roles that do not alternate, say), or takes too much.
   */
  render(messages: ChatMessage[], variables: ChatVariables, addGenerationPrompt: boolean): string {
    const own = { messages, add_generation_prompt: addGenerationPrompt, range: boundedRange() };
    const environment = new Environment(globals);
    for (const [name, value] of Object.entries({ ...variables, ...own }))
      if (value !== undefined) environment.set(name, value);
    return bounded(() => new Interpreter(environment).run(this.#template.parsed).value as string);
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

/** What the library puts into every template; it hands it out to nobody but the interpreter. */
const globals = ((): Environment => {
  const found: Environment[] = [];
  const { run } = Interpreter.prototype;
  Interpreter.prototype.run = function (this: Interpreter, ...args: Parameters<typeof run>) {
    found.push(this.global);
    return run.apply(this, args);
  };
  try {
    new Template('').render();
  } finally {
    Interpreter.prototype.run = run;
  }
  return found[0];
})();
