/**
 * Questions that a model answers right only while it keeps itself and others apart: what somebody else sees, believes or
 * wants, and what oneself does. The paper asks perspective questions of the same kind.
 */
import type { Scenario } from '../upstream-data';
import { drawQuestions, inTurn, type KnowledgeQuestion, type QuestionOptions, type Template } from './question';

const NAMES = ['Anna', 'Peter', 'Maria', 'David', 'Julia'];
const THINGS = ['keys', 'letters', 'glasses', 'coins', 'tickets'];

/**
 * For the rooms of each scenario, where somebody who is mistaken will look for a thing, and where oneself, who has seen it,
 * will. Which room is named first changes from one to the next.
 */
export function questionsOf(
  scenarios: readonly Pick<Scenario, 'cheapRoom' | 'preciousRoom'>[],
): Record<'perspective' | 'self', KnowledgeQuestion[]> {
  const ask = (who: 'perspective' | 'self'): KnowledgeQuestion[] =>
    scenarios.map(({ cheapRoom: a, preciousRoom: b }, i) => {
      const [believed, seen] = i % 2 ? [a, b] : [b, a];
      const draw = { name: NAMES[i % NAMES.length], things: THINGS[i % THINGS.length], believed, seen };
      return { id: `${who}-${i}`, ...beliefQuestion(draw, who === 'self', (i >> 1) % 2 === 1) };
    });
  return { perspective: ask('perspective'), self: ask('self') };
}

/** Somebody believes, and oneself has seen: nothing but who is asked about tells which room is right. */
function beliefQuestion(
  { name, things, believed, seen }: Record<'name' | 'things' | 'believed' | 'seen', string>,
  isSelf: boolean,
  isBeliefFirst: boolean,
): Omit<KnowledgeQuestion, 'id'> {
  const truth = `You have seen that the ${things} are in the ${seen}; ${name} has not.`;
  const belief = `${name} believes that the ${things} are in the ${believed}.`;
  const facts = inTurn(isBeliefFirst, truth, belief).join(' ');
  return isSelf
    ? { text: `${facts} In which room will you look for the ${things} first?`, leadIn: 'I will look in the', right: seen, wrong: believed } // prettier-ignore
    : { text: `${facts} In which room will ${name} look for the ${things} first?`, leadIn: `${name} will look in the`, right: believed, wrong: seen }; // prettier-ignore
}

/** `isFirst`: oneself is asked about. */
const TEMPLATES: readonly Template[] = [
  ({ name, thing, rooms: [seen, believed], isFirst, isTurned }) =>
    beliefQuestion({ name, things: `${thing}s`, believed, seen }, isFirst, isTurned),
  ({ name, rooms: [own, others], isFirst, isTurned }) => {
    const sights = inTurn(isTurned, `From your seat you can see the ${own}.`, `From the seat of ${name} only the ${others} can be seen.`); // prettier-ignore
    return isFirst
      ? { text: `${sights.join(' ')} What do you see?`, leadIn: 'I see the', right: own, wrong: others }
      : { text: `${sights.join(' ')} What does ${name} see?`, leadIn: `${name} sees the`, right: others, wrong: own };
  },
  ({ name, rooms: [own, others], isFirst, isTurned }) => {
    const wishes = inTurn(isTurned, `You like to work in the ${own}.`, `${name} likes to work in the ${others}.`);
    return isFirst
      ? { text: `${wishes.join(' ')} Which place would you choose?`, leadIn: 'I would choose the', right: own, wrong: others } // prettier-ignore
      : { text: `${wishes.join(' ')} Which place would ${name} choose?`, leadIn: `${name} would choose the`, right: others, wrong: own }; // prettier-ignore
  },
  ({ name, rooms: [own, others], isFirst, isTurned }) => {
    const ways = inTurn(isTurned, `You are on your way to the ${own}.`, `${name} is on the way to the ${others}.`);
    return isFirst
      ? { text: `${ways.join(' ')} Where will you be soon?`, leadIn: 'I will be in the', right: own, wrong: others }
      : { text: `${ways.join(' ')} Where will ${name} be soon?`, leadIn: `${name} will be in the`, right: others, wrong: own }; // prettier-ignore
  },
];

/** What is true of oneself and what of somebody else: beliefs, sights, wishes and ways; half of them about each. */
export const perspectiveQuestions = (options: QuestionOptions): KnowledgeQuestion[] =>
  drawQuestions('perspective', options, TEMPLATES);
