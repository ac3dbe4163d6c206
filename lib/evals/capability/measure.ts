/** What a model can still do: short tasks that it answers, and questions whose choices are compared by likelihood. */
import { answerEnds, encodePrompts, generate, type LanguageModel } from '../../models';
import { decodeAnswer, spokenIn, type PromptFormat } from '../../text';
import { endOf } from '../deception';
import type { ChoiceQuestion } from './choice-questions';
import { answerChoices } from './choices';
import { capabilityRates, type Capability, type CapabilityItem } from './result';
import { shortTasks, type AskedTask, type TaskName } from './short-tasks';

export interface CapabilityOptions {
  /** Which short tasks; by default all of them. */
  tasks?: readonly TaskName[];
  /** Items of each short task; 0 for none. */
  each: number;
  /** Makes the items: arms that are compared take the same. */
  seed: number;
  /** Questions with choices, by the name that their items get. */
  choices?: Readonly<Record<string, readonly ChoiceQuestion[]>>;
  /** Most tokens of an answer, in the place of each task's own budget: those who think need 512 and more. */
  maxNewTokens?: number;
  /** Prompts answered side by side; default 16. */
  batchSize?: number;
  /** Ends the work after the current token; an error with the signal's reason is thrown. */
  signal?: AbortSignal;
  /** Told of each finished task or file of questions. */
  onItems?: (items: readonly CapabilityItem[]) => void;
}

/**
 * Asks everything, greedily, and checks the answers. Plain data: items can be compared pair by pair with those of another
 * arm by `task` and `id`.
 *
 *     const { tasks, items } = await measureCapability(model, text.chatPrompts(tokenizer), { each: 20, seed: 1 });
 *
 * An answer that the token budget cut is wrong, as the task was to end it, and counted as `truncated` beside that.
 */
export async function measureCapability(
  model: LanguageModel,
  format: PromptFormat,
  options: CapabilityOptions,
): Promise<Capability> {
  const items: CapabilityItem[] = [];
  const add = (made: readonly CapabilityItem[]): void => {
    items.push(...made);
    options.onItems?.(made);
  };
  const asked = options.each > 0 ? shortTasks(options) : [];
  for (const task of new Set(asked.map((one) => one.task)))
    add(await answered(model, format, asked.filter((one) => one.task === task), options)); // prettier-ignore
  for (const [task, questions] of Object.entries(options.choices ?? {}))
    add(await answerChoices(model, format, questions, { task, signal: options.signal }));
  return { tasks: capabilityRates(items), items };
}

/** Items of one task: all have the same budget. */
async function answered(
  model: LanguageModel,
  format: PromptFormat,
  asked: readonly AskedTask[],
  { maxNewTokens = asked[0].maxNewTokens, batchSize = 16, signal }: CapabilityOptions,
): Promise<CapabilityItem[]> {
  const ends = answerEnds(model, format);
  const prompts = encodePrompts(model, asked.map(({ prompt }) => prompt), { format }); // prettier-ignore
  const outputs = await generate(model, prompts, { maxNewTokens, batchSize, eosId: ends, signal });
  const items: CapabilityItem[] = [];
  for (const [i, { task, id, check }] of asked.entries()) {
    const ended = endOf(outputs[i], ends);
    const answer = decodeAnswer(format.tokenizer, outputs[i]);
    const turn = format.lead + answer;
    const { start, end } = spokenIn(turn);
    const right = ended === 'eos' && (await check(turn.slice(start, end).trim(), signal));
    items.push({ task, id, right, answer, ended });
  }
  return items;
}
