/** An instruction in front of every prompt: where a template has a place for a system's text, there. */
import { InputError } from '../files/input-error';
import { chatPrompts, rawPrompts, type ChatFormat, type ChatSettings, type PromptFormat } from './prompt-format';
import type { Tokenizer } from './tokenizer';

/** What the instruction is found by in a template's text. */
const PROBE = 'The question.';

/**
 * The format of prompts behind an instruction: as the system's text where the template writes one (behind the one that
 * the settings have), else as the prompt's first paragraph.
 * @param chat settings of the model's template; null where prompts go raw
 */
export function instructedPrompts(tokenizer: Tokenizer, chat: ChatSettings, instruction: string): ChatFormat;
export function instructedPrompts(tokenizer: Tokenizer, chat: ChatSettings | null, instruction: string): PromptFormat;
export function instructedPrompts(tokenizer: Tokenizer, chat: ChatSettings | null, instruction: string): PromptFormat {
  if (chat === null) return inFront(rawPrompts(tokenizer), instruction);
  const system = chat.system === undefined ? instruction : `${chat.system}\n\n${instruction}`;
  return withSystem(tokenizer, { ...chat, system }) ?? inFirstTurn(chatPrompts(tokenizer, chat), instruction);
}

/** Undefined where the template refuses a system's text, or leaves it out. */
function withSystem(tokenizer: Tokenizer, chat: ChatSettings & { system: string }): ChatFormat | undefined {
  try {
    const format = chatPrompts(tokenizer, chat);
    const text = tokenizer.applyChatTemplate(
      [
        { role: 'system', content: chat.system },
        { role: 'user', content: PROBE },
      ],
      { addGenerationPrompt: true, kwargs: chat.kwargs ?? {} },
    );
    return text.includes(chat.system.trim()) ? format : undefined;
  } catch (thrown) {
    if (thrown instanceof InputError) return undefined;
    throw thrown;
  }
}

function inFirstTurn(format: ChatFormat, instruction: string): ChatFormat {
  const encodeTurns = ([first, ...others]: readonly string[]): number[] =>
    format.encodeTurns([`${instruction}\n\n${first}`, ...others]);
  return { ...format, ...inFront(format, instruction), encodeTurns };
}

function inFront(format: PromptFormat, instruction: string): PromptFormat {
  return { ...format, encode: (prompt, answer) => format.encode(`${instruction}\n\n${prompt}`, answer) };
}
