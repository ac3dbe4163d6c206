/** In which order a scenario states its two facts, and the same scenario with the facts the other way round. */
import { firstMention, wholeWord } from './labels';
import type { Scenario } from './upstream-data';

/** Whose room the facts name first: the cheap thing's, as in all of upstream's prompts, or the precious thing's. */
export const FACT_ORDERS = ['cheap-first', 'precious-first'] as const;
export type FactOrder = (typeof FACT_ORDERS)[number];

/** Two neighbouring clauses, as places in the prompt. */
interface Clauses {
  start: number;
  firstEnd: number;
  secondStart: number;
  end: number;
}

/** A sentence ends here: a capital or nothing follows, and it is not the point of "St.". */
const SENTENCE_END = /(?<!\b(?:St|Mr|Mrs|Ms|Dr|Prof|Jr|Sr|No|vs|\p{Lu}))\s*[.!?](?=\s+["'“(]?\p{Lu}|\s*$)/gu;
const CONJUNCTION = /,?\s+(?:and|while|whereas|but)\s+/giu;

/** Words that tie a clause to the one before it, or a later sentence to the order of both. */
const POINTS_BACK =
  /(?<![\p{L}-])(?:it|its|they|them|also|too|another|others?|same|then|next|first|second|last|instead)(?![\p{L}-])/iu;
const STARTS_FROM_BEFORE = /^[\s.!?]*(?:it|its|this|that|these|those|they|there|here|he|she|both)\b/iu;
const COUNTS_BACK = /\b(?:former|latter|respectively)\b/iu;

/** The facts' order; where no two clauses are told to be the facts, the order in which the prompt first names the rooms. */
export function orderOf(scenario: Scenario): FactOrder {
  const { prompt, cheapRoom, preciousRoom } = scenario;
  const told = findFacts(scenario)?.order;
  if (told) return told;
  return firstMention(prompt, cheapRoom) <= firstMention(prompt, preciousRoom) ? 'cheap-first' : 'precious-first';
}

/**
 * The same scenario with its two facts in each other's place ("In the attic is a toothpick. In the bedroom is a coin.")
 * and everything else as it was, the order of the rooms in the question too. The facts are the only two neighbouring
 * sentences, or halves of a sentence, that are alike but for the room and the thing.
 * @returns null when there are no such two, or several, or when words such as "the latter" or "it" hang on their order
 */
export function withFactsSwapped(scenario: Scenario): Scenario | null {
  const facts = findFacts(scenario);
  return facts && { ...scenario, prompt: swapClauses(scenario.prompt, facts.clauses) };
}

function findFacts({ prompt, cheapRoom, preciousRoom }: Scenario): { order: FactOrder; clauses: Clauses } | null {
  if (COUNTS_BACK.test(prompt)) return null;
  const found = neighbours(prompt).flatMap((clauses) =>
    FACT_ORDERS.filter((order) => {
      const rooms = order === 'cheap-first' ? [cheapRoom, preciousRoom] : [preciousRoom, cheapRoom];
      return areFacts(prompt, clauses, rooms);
    }).map((order) => ({ order, clauses })),
  );
  return found.length === 1 ? found[0] : null;
}

/** Every two neighbouring sentences, and the halves of every sentence on both sides of a conjunction. */
function neighbours(prompt: string): Clauses[] {
  const sentences: { start: number; end: number }[] = [];
  let start = 0;
  for (const { index, 0: mark } of prompt.matchAll(SENTENCE_END)) {
    sentences.push({ start, end: index });
    start = index + mark.length;
    while (/\s/u.test(prompt.charAt(start))) start++;
  }
  const halves = sentences.flatMap(({ start, end }) =>
    [...prompt.slice(start, end).matchAll(CONJUNCTION)]
      .map(({ index, 0: joint }) => ({
        start,
        firstEnd: start + index,
        secondStart: start + index + joint.length,
        end,
      }))
      .filter((clauses) => startAlike(prompt, clauses)),
  );
  const pairs = sentences.slice(1).map((second, i) => {
    const first = sentences[i];
    return { start: first.start, firstEnd: first.end, secondStart: second.start, end: second.end };
  });
  return [...pairs, ...halves];
}

function areFacts(prompt: string, clauses: Clauses, [room, otherRoom]: readonly string[]): boolean {
  const [first, second] = textsOf(prompt, clauses);
  if (POINTS_BACK.test(first) || POINTS_BACK.test(second)) return false;
  if (STARTS_FROM_BEFORE.test(prompt.slice(clauses.end))) return false;
  const others = framesOf(second, otherRoom);
  return framesOf(first, room).some((frame) => others.some((other) => areParallel(frame, other)));
}

const textsOf = (prompt: string, { start, firstEnd, secondStart, end }: Clauses): [string, string] => [
  prompt.slice(start, firstEnd),
  prompt.slice(secondStart, end),
];

const ROOM = '\0';

/** The words of a clause with one mention of the room taken out, once for each mention: a kitchen may hold a kitchen appliance. */
function framesOf(clause: string, room: string): string[][] {
  return [...clause.matchAll(wholeWord(room))].map(({ index, 0: mention }) =>
    `${clause.slice(0, index)}${ROOM}${clause.slice(index + mention.length)}`.toLowerCase().split(/\s+/u),
  );
}

/** Whether two clauses are the same but for the room and one run of words, the thing, in each. */
function areParallel(a: readonly string[], b: readonly string[]): boolean {
  const most = Math.min(a.length, b.length) - 1;
  let [before, behind] = [0, 0];
  while (before < most && a[before] === b[before]) before++;
  while (before + behind < most && a[a.length - 1 - behind] === b[b.length - 1 - behind]) behind++;
  const room = a.findIndex((word) => word.includes(ROOM));
  return before + behind >= 2 && (room < before || room >= a.length - behind);
}

const firstWord = (text: string): string => /^\S*/u.exec(text)?.[0] ?? '';

/** Halves of a sentence must begin with one word: of another, nobody can say whether its capital is the sentence's. */
function startAlike(prompt: string, clauses: Clauses): boolean {
  const [a, b] = textsOf(prompt, clauses).map((text) => firstWord(text).toLowerCase());
  return a === b;
}

/** Each first word stays in its place if they are the same, so that the capital stays as well. */
function swapClauses(prompt: string, clauses: Clauses): string {
  const [first, second] = textsOf(prompt, clauses);
  const [a, b] = startAlike(prompt, clauses) ? [firstWord(first), firstWord(second)] : ['', ''];
  const { start, firstEnd, secondStart, end } = clauses;
  const [moved, other] = [a + second.slice(b.length), b + first.slice(a.length)];
  return prompt.slice(0, start) + moved + prompt.slice(firstEnd, secondStart) + other + prompt.slice(end);
}
