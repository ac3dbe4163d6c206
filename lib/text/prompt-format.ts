/** How prompts reach a model: raw, or each as the user's turn of the model's own chat template. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InputError, shown } from '../files/input-error';
import type { ChatMessage, TemplateArguments } from './chat-template';
import { thoughtIn } from './thinking';
import type { Tokenizer } from './tokenizer';

export interface ChatSettings {
  /** Text of a system turn before the user's; by default there is none, and the template writes what it does without. */
  system?: string;
  /** Variables of the template, such as `{ enable_thinking: false }`. */
  kwargs?: TemplateArguments;
  /** The beginning of the assistant's answer, which the model goes on from. */
  prefill?: string;
  /** The day that a template with a date in it is told, `YYYY-MM-DD`; by default today. */
  date?: string;
}

export const templateSchema = z.object({
  /** sha256 of the template's source, in hex. */
  sha256: z.string(),
  system: z.string().nullable(),
  kwargs: z.record(z.string(), z.unknown()),
  prefill: z.string().nullable(),
  /** The day that the template was told; only where it asks for one. */
  date: z.string().optional(),
});

/** All that decides what becomes of a prompt, to be kept with results. */
export type TemplateRecord = z.infer<typeof templateSchema>;

export interface PromptFormat {
  readonly tokenizer: Tokenizer;
  /** null where prompts go raw. */
  readonly template: TemplateRecord | null;
  /**
   * What an answer begins with before the model's first token: a thought that the template opens (or opens and ends), and
   * the prefill. Empty where prompts go raw.
   */
  readonly lead: string;
  /** Tokens with which the template ends a turn: they end an answer, whatever config.json says. */
  readonly turnEnds: readonly number[];
  /**
   * Token ids of a prompt, up to where the model goes on.
   * @param answer the beginning of an answer, which comes behind the prompt and what the format puts there
   */
  encode(prompt: string, answer?: string): number[];
}

/** A format that knows whole conversations. */
export interface ChatFormat extends PromptFormat {
  /**
   * Token ids of a conversation, up to where the model goes on.
   * @param turns the user's and the assistant's in turn, the user's first and last
   */
  encodeTurns(turns: readonly string[]): number[];
}

/** Prompts as they are, as upstream's code has them: the tokenizer's own bos, and no template. */
export function rawPrompts(tokenizer: Tokenizer): PromptFormat {
  const encode = (prompt: string, answer = ''): number[] => tokenizer.encode(answer ? `${prompt} ${answer}` : prompt);
  return { tokenizer, template: null, lead: '', turnEnds: [], encode };
}

/**
 * Prompts in the model's own chat template, each as the user's turn, up to the beginning of the assistant's. A beginning
 * of the answer comes where the template writes an assistant's text, as with transformers' `continue_final_message`.
 * Nothing is put in front of what the template writes: its bos is the only one.
 * @throws InputError for a model without template, settings that are none, or a template that refuses them
 */
export function chatPrompts(tokenizer: Tokenizer, settings: ChatSettings = {}): ChatFormat {
  const { system, kwargs = {}, prefill } = settings;
  for (const name of ['messages', 'add_generation_prompt'])
    if (Object.hasOwn(kwargs, name)) throw new InputError(`chat template: ${name} is the prompt's, and no setting`);
  const clock = clockOf(settings.date);
  const render = (messages: readonly ChatMessage[], addGenerationPrompt: boolean): string =>
    tokenizer.applyChatTemplate([...(system === undefined ? [] : [{ role: 'system', content: system }]), ...messages], {
      addGenerationPrompt,
      kwargs,
      now: clock.now,
    });
  const textOf = (turns: readonly string[], answer: string): string => {
    const messages = turns.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }));
    if (answer === '') return render(messages, true);
    return continued(answer, (content) => render([...messages, { role: 'assistant', content }], false));
  };
  const encodeTurns = (turns: readonly string[], answer = ''): number[] =>
    tokenizer.encode(textOf(turns, joined(prefill ?? '', answer)), { addSpecialTokens: false });
  const encode = (prompt: string, answer = ''): number[] => encodeTurns([prompt], answer);
  const lead = leadOf(textOf([PROBE], prefill ?? ''), prefill ?? '');
  const turnEnds = turnEndsOf(tokenizer, render);
  const template = {
    sha256: createHash('sha256').update(tokenizer.chatTemplate).digest('hex'),
    system: system ?? null,
    kwargs: { ...kwargs },
    prefill: prefill ?? null,
    ...(clock.wasAsked() && { date: clock.date }),
  };
  return { tokenizer, template, lead, turnEnds, encode, encodeTurns: (turns) => encodeTurns(turns) };
}

/** Stands for a text in a template, to see what the template puts around it. */
const PROBE = 'The question.';

/** One day for a whole run: at midnight its prompts stay the same. */
function clockOf(given: string | undefined): { date: string; now: () => Date; wasAsked: () => boolean } {
  if (given !== undefined && !isDay(given))
    throw new InputError(`chat template: the date must be a day as YYYY-MM-DD, got ${shown(given)}`);
  const today = new Date();
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const date = given ?? [today.getFullYear(), today.getMonth() + 1, today.getDate()].map(twoDigits).join('-');
  const [year, month, day] = date.split('-').map(Number);
  let asked = false;
  const now = (): Date => {
    asked = true;
    return new Date(year, month - 1, day, 12);
  };
  return { date, now, wasAsked: () => asked };
}

const isDay = (text: string): boolean => {
  const parsed = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return parsed !== null && !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
};

const TAG = 'CONTINUE_FINAL_MESSAGE_TAG ';

/** A conversation up to the end of its last text, as transformers finds it: by a mark behind that text. */
function continued(text: string, render: (content: string) => string): string {
  const whole = render(text + TAG);
  const at = whole.lastIndexOf(TAG.trimEnd());
  if (at < 0 || !whole.includes(text.trim()))
    throw new InputError('chat template: does not write the beginning of an answer as it was given');
  const cut = whole.slice(0, at);
  return whole.startsWith(TAG, at) ? cut : cut.trimEnd();
}

/** A prefill and the beginning of an answer behind it, of which it may hold the first words. */
function joined(prefill: string, answer: string): string {
  if (prefill === '' || answer === '') return prefill + answer;
  const words = prefill.trim();
  if (answer.startsWith(words)) return prefill.trimEnd() + answer.slice(words.length);
  return /\s$/.test(prefill) ? prefill + answer : `${prefill} ${answer}`;
}

/** What of the assistant's turn stands behind a prompt: from a thought on, or the prefill alone. */
function leadOf(text: string, prefill: string): string {
  const turn = text.slice(text.lastIndexOf(PROBE) + PROBE.length);
  const thought = thoughtIn(turn);
  return thought ? turn.slice(thought.start) : prefill;
}

/** The special token that ends an assistant's turn. */
function turnEndsOf(
  tokenizer: Tokenizer,
  render: (messages: readonly ChatMessage[], addGenerationPrompt: boolean) => string,
): number[] {
  const answer = 'The answer.';
  const turns = [
    { role: 'user', content: PROBE },
    { role: 'assistant', content: answer },
  ];
  const whole = render(turns, false);
  const at = whole.lastIndexOf(answer);
  if (at < 0) return [];
  const behind = tokenizer.encode(whole.slice(at + answer.length), { addSpecialTokens: false });
  const end = behind.find((id) => tokenizer.decode([id]) === '');
  return end === undefined ? [] : [end];
}
