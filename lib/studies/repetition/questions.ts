/**
 * Questions that a model answers right only while it keeps itself and others apart: where somebody who is mistaken will
 * look for a thing, and where the model, who has seen it, will. Answered by forced choice: no wording of an answer
 * counts. The paper asks perspective questions of the same kind.
 */
import { choiceBetween, choiceMargin, type Scenario } from '../../evals';
import type { LanguageModel } from '../../models';
import type { PromptFormat } from '../../text';

export const QUESTIONS = ['perspective', 'self'] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Asked {
  text: string;
  /** The beginning of the answer, up to the room. */
  leadIn: string;
  right: string;
  wrong: string;
}

const NAMES = ['Anna', 'Peter', 'Maria', 'David', 'Julia'];
const THINGS = ['keys', 'letters', 'glasses', 'coins', 'tickets'];

/** One question of each kind for the rooms of each scenario. Which room is named first changes from one to the next. */
export function questionsOf(scenarios: readonly Scenario[]): Record<Question, Asked[]> {
  const ask = (question: Question): Asked[] =>
    scenarios.map(({ cheapRoom: a, preciousRoom: b }, i) => {
      const [name, things] = [NAMES[i % NAMES.length], THINGS[i % THINGS.length]];
      const [believed, seen] = i % 2 ? [a, b] : [b, a];
      const belief = `${name} believes that the ${things} are in the ${believed}.`;
      const truth = `You have seen that the ${things} are in the ${seen}; ${name} has not.`;
      const facts = (i >> 1) % 2 ? `${belief} ${truth}` : `${truth} ${belief}`;
      return question === 'perspective'
        ? { text: `${facts} In which room will ${name} look for the ${things} first?`, leadIn: `${name} will look in the`, right: believed, wrong: seen } // prettier-ignore
        : { text: `${facts} In which room will you look for the ${things} first?`, leadIn: 'I will look in the', right: seen, wrong: believed }; // prettier-ignore
    });
  return { perspective: ask('perspective'), self: ask('self') };
}

export interface Answered {
  /** Questions whose rooms a token tells apart. */
  n: number;
  /** Of these, those whose right room is the likelier. */
  right: number;
}

/** Answers to all of them; the signal is looked at between two. */
export async function answerQuestions(
  model: LanguageModel,
  format: PromptFormat,
  asked: readonly Asked[],
  signal?: AbortSignal,
): Promise<Answered> {
  let [n, right] = [0, 0];
  for (const question of asked) {
    await new Promise(setImmediate);
    signal?.throwIfAborted();
    const choice = choiceBetween(format, question.text, question.leadIn, [question.right, question.wrong]);
    if (!choice) continue;
    n += 1;
    if (choiceMargin(model, choice) > 0) right += 1;
  }
  return { n, right };
}
