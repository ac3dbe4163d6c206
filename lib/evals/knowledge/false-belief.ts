/**
 * False beliefs: what somebody takes for true who has missed a change. Every template comes as often with somebody who has
 * not missed it, where the other answer is right: to always name the old place, or the new one, is right in half of them.
 */
import { drawQuestions, inTurn, type KnowledgeQuestion, type QuestionOptions, type Template } from './question';

/** `isFirst`: the change was missed, and the old answer is right. */
const answersOf = (isMissed: boolean, old: string, now: string): { right: string; wrong: string } =>
  isMissed ? { right: old, wrong: now } : { right: now, wrong: old };

const TEMPLATES: readonly Template[] = [
  ({ name, other, thing, rooms: [old, now], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, old, now);
    const seen = isFirst ? `${name} does not see that.` : `${name} sees that through the window.`;
    return {
      text: `${name} leaves the ${thing} in the ${old} and goes out. ${other} takes the ${thing} to the ${now}. ${seen} Where will ${name} look for the ${thing} first, in the ${first} or in the ${second}?`,
      leadIn: `${name} will look in the`,
      ...answersOf(isFirst, old, now),
    };
  },
  ({ name, rooms: [room], contents: [label, contents], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, label, contents);
    const seen = isFirst ? `${name} has read the label but has not opened it.` : `${name} has opened it.`;
    return {
      text: `A tin in the ${room} is labelled "${label}", but it is full of ${contents}. ${seen} Does ${name} think that the tin holds ${first} or ${second}?`,
      leadIn: `${name} thinks that the tin holds`,
      ...answersOf(isFirst, label, contents),
    };
  },
  ({ name, other, rooms: [old, now], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, old, now);
    const told = isFirst ? `Nobody has told ${name}.` : `${other} has told ${name}.`;
    return {
      text: `${name} was invited to a meeting in the ${old}. Since then the meeting has been moved to the ${now}. ${told} Will ${name} go to the ${first} or to the ${second}?`,
      leadIn: `${name} will go to the`,
      ...answersOf(isFirst, old, now),
    };
  },
  ({ name, other, rooms: [old, now], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, old, now);
    const noticed = isFirst ? `${name} has not noticed.` : `${name} has noticed.`;
    return {
      text: `${name} saw ${other} walk into the ${old}. A little later ${other} went over to the ${now}. ${noticed} Does ${name} think that ${other} is in the ${first} or in the ${second}?`,
      leadIn: `${name} thinks that ${other} is in the`,
      ...answersOf(isFirst, old, now),
    };
  },
];

/** Things moved, tins with other contents, meetings moved, people who went elsewhere; half of the beliefs are false. */
export const falseBeliefQuestions = (options: QuestionOptions): KnowledgeQuestion[] =>
  drawQuestions('falseBelief', options, TEMPLATES);
