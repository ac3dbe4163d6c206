/** Questions with one right and one wrong answer, answered by forced choice: no wording of an answer counts. */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import type { LanguageModel } from '../../models';
import { Random } from '../../random';
import type { PromptFormat } from '../../text';
import { choiceBetween, choiceMargin } from '../forced-choice';

export interface KnowledgeQuestion {
  /** The same for every model that is asked, so that answers can be compared one by one. */
  id: string;
  text: string;
  /** The beginning of the answer, up to where right and wrong part. */
  leadIn: string;
  right: string;
  wrong: string;
}

export interface Answered {
  /** Questions whose answers a token tells apart. */
  n: number;
  /** Of these, those whose right answer is the likelier. */
  right: number;
  items: { id: string; right: boolean }[];
}

/** Answers to all of them; the signal is looked at between two. */
export async function answerQuestions(
  model: LanguageModel,
  format: PromptFormat,
  questions: readonly KnowledgeQuestion[],
  signal?: AbortSignal,
): Promise<Answered> {
  const items: Answered['items'] = [];
  for (const { id, text, leadIn, right, wrong } of questions) {
    await eventLoopTurn();
    signal?.throwIfAborted();
    const choice = choiceBetween(format, text, leadIn, [right, wrong]);
    if (choice) items.push({ id, right: choiceMargin(model, choice) > 0 });
  }
  return { n: items.length, right: items.filter(({ right }) => right).length, items };
}

/** What a template makes a question of. */
export interface Draw {
  name: string;
  other: string;
  thing: string;
  /** Two different rooms. */
  rooms: readonly [string, string];
  /** Two different things that a tin may hold. */
  contents: readonly [string, string];
  trade: string;
  /** Which of two answers is the right one: each is as often. */
  isFirst: boolean;
  /** Whether what is said in either order is turned round: as often as not, whatever the answer. */
  isTurned: boolean;
}

export type Template = (draw: Draw) => Omit<KnowledgeQuestion, 'id'>;

export interface QuestionOptions {
  /** A longer list begins with the shorter one. */
  n: number;
  seed: number;
}

const NAMES = ['Anna', 'Peter', 'Maria', 'David', 'Julia', 'Simon', 'Laura', 'Martin'];
const THINGS = ['letter', 'key', 'ring', 'ticket', 'notebook', 'lamp', 'purse', 'camera'];
const CONTENTS = ['nails', 'buttons', 'candles', 'sweets', 'pencils', 'screws', 'marbles', 'stamps', 'seeds', 'corks'];
const TRADES = ['a nurse', 'a baker', 'a farmer', 'a teacher', 'a sailor'];
const ROOMS = ['kitchen', 'garage', 'attic', 'library', 'cellar', 'bedroom', 'office', 'garden', 'hall', 'workshop'];

/**
 * Different questions, the templates in turn. In every four rounds of them each answer is right, and stands first, as
 * often as the other.
 */
export function drawQuestions(
  check: string,
  { n, seed }: QuestionOptions,
  templates: readonly Template[],
): KnowledgeQuestion[] {
  const random = Random.of(`${check} ${seed}`);
  const seen = new Set<string>();
  return Array.from({ length: n }, (_, i) => {
    const round = Math.floor(i / templates.length);
    const [isFirst, isTurned] = [round % 2 === 0, (round >> 1) % 2 === 1];
    for (;;) {
      const [name, other] = random.sample(NAMES, 2);
      const [thing, trade] = [random.pick(THINGS), random.pick(TRADES)];
      const [rooms, contents] = [pairOf(random, ROOMS), pairOf(random, CONTENTS)];
      const question = templates[i % templates.length]({
        name,
        other,
        thing,
        trade,
        rooms,
        contents,
        isFirst,
        isTurned,
      });
      if (seen.has(question.text)) continue;
      seen.add(question.text);
      return { id: `${check}-${i}`, ...question };
    }
  });
}

function pairOf(random: Random, words: readonly string[]): [string, string] {
  const [a, b] = random.sample(words, 2);
  return [a, b];
}

/** The two in their order, or turned round. */
export const inTurn = <T>(isTurned: boolean, first: T, second: T): [T, T] =>
  isTurned ? [second, first] : [first, second];
