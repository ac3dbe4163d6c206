/** The options by which prompts go into the model's own chat template. */
import type { Command } from 'commander';
import { z } from 'zod';
import { messageOf } from '../files/input-error';
import {
  chatPrompts,
  rawPrompts,
  type ChatSettings,
  type PromptFormat,
  type TemplateRecord,
  type Tokenizer,
} from '../text';
import { checked, InputError } from './command';
import { say } from './output';

/** Adds --chat, --system, --template-kwargs, --prefill and --chat-date to a command. */
export function addChatOptions(command: Command): void {
  command
    .option('--chat', "put each prompt into the model's own chat template, as the user's turn")
    .option('--system <text>', 'with --chat: a system turn before it')
    .option('--template-kwargs <json>', 'with --chat: variables of the template, such as {"enable_thinking": false}')
    .option('--prefill <text>', "with --chat: the beginning of the assistant's answer, which the model goes on from")
    .option('--chat-date <day>', 'with --chat: the day told to templates that ask, YYYY-MM-DD (default: today)');
}

const kwargsSchema = z.record(z.string(), z.unknown(), 'must be a JSON object such as {"enable_thinking": false}');

function parseKwargs(text: string, context: z.RefinementCtx): Record<string, unknown> {
  try {
    return checked(kwargsSchema, JSON.parse(text));
  } catch (thrown) {
    context.addIssue(thrown instanceof SyntaxError ? `is no JSON: ${messageOf(thrown)}` : messageOf(thrown));
    return z.NEVER;
  }
}

const optionsSchema = z.object({
  chat: z.boolean().default(false),
  system: z.string().optional(),
  templateKwargs: z.string().transform(parseKwargs).optional(),
  prefill: z.string().optional(),
  chatDate: z.string().optional(),
});

const FLAGS = {
  system: '--system',
  templateKwargs: '--template-kwargs',
  prefill: '--prefill',
  chatDate: '--chat-date',
} as const;

/**
 * How the prompts of a command reach the model.
 * @throws InputError for a model without template, settings that are none, or settings of a template without --chat
 */
export function formatOf(given: Readonly<Record<string, unknown>>, tokenizer: Tokenizer): PromptFormat {
  const settings = chatSettingsOf(given);
  return settings ? chatPrompts(tokenizer, settings) : rawPrompts(tokenizer);
}

/** The settings of the template; null where prompts go raw. Throws as {@link formatOf}. */
export function chatSettingsOf(given: Readonly<Record<string, unknown>>): ChatSettings | null {
  const { chat, ...settings } = checked(optionsSchema, given);
  if (chat) {
    const { system, templateKwargs: kwargs, prefill, chatDate: date } = settings;
    return { system, kwargs, prefill, date };
  }
  const alone = Object.entries(FLAGS).find(([name]) => settings[name as keyof typeof FLAGS] !== undefined);
  if (alone) throw new InputError(`${alone[1]}: goes with --chat`);
  return null;
}

/** A model that was tuned to answer in its template answers otherwise without it: that is said, once, and not refused. */
export function warnIfRaw({ template, tokenizer }: PromptFormat): void {
  if (template === null && tokenizer.hasChatTemplate)
    say('note: this model has a chat template, and the prompts go in without it; --chat puts them into it');
}

/** What is added to JSON that tells of templated prompts. */
export const templateOf = ({ template }: PromptFormat): { template?: TemplateRecord } => template === null ? {} : { template }; // prettier-ignore
