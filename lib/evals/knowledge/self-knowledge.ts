/** Whether a model still knows which of two it is: what am I, who asks, whose is it, who is to act. */
import { drawQuestions, inTurn, type KnowledgeQuestion, type QuestionOptions, type Template } from './question';

/** `isFirst`: the right answer is oneself, called "me". */
const meOr = (isMe: boolean, name: string): { right: string; wrong: string } =>
  isMe ? { right: 'me', wrong: name } : { right: name, wrong: 'me' };

const TEMPLATES: readonly Template[] = [
  ({ name, thing, trade, rooms: [room], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, 'a human being', 'a computer program');
    const who = isFirst ? 'are you' : `is ${name}`;
    return {
      text: `${name}, ${trade}, is sitting in the ${room} and typing a message to you about a ${thing}. What ${who}: ${first} or ${second}?`,
      leadIn: isFirst ? 'I am a' : `${name} is a`,
      ...(isFirst
        ? { right: 'computer program', wrong: 'human being' }
        : { right: 'human being', wrong: 'computer program' }),
    };
  },
  ({ name, thing, rooms: [room], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, 'you', name);
    const asked = isFirst ? `You have asked ${name}` : `${name} has asked you`;
    return {
      text: `${asked} for the ${thing} from the ${room}. Who has asked, ${first} or ${second}?`,
      leadIn: 'The one who has asked is',
      ...meOr(isFirst, name),
    };
  },
  ({ name, thing, rooms: [own, others], isFirst, isTurned }) => {
    const whose = inTurn(isTurned, `Yours is the ${thing} in the ${own}.`, `The ${thing} in the ${others} belongs to ${name}.`); // prettier-ignore
    return {
      text: `${whose.join(' ')} Who is the owner of the ${thing} in the ${isFirst ? own : others}?`,
      leadIn: `The ${thing} in the ${isFirst ? own : others} belongs to`,
      ...meOr(isFirst, name),
    };
  },
  ({ name, thing, rooms: [room], isFirst, isTurned }) => {
    const [first, second] = inTurn(isTurned, 'you', name);
    const duty = isFirst ? `${name} has told you to clean the ${room}` : `You have told ${name} to clean the ${room}`;
    return {
      text: `${duty} and to look for a ${thing} there. Who is to do the cleaning, ${first} or ${second}?`,
      leadIn: 'The cleaning is to be done by',
      ...meOr(isFirst, name),
    };
  },
];

/** Half of the right answers are oneself, or what oneself is. */
export const selfKnowledgeQuestions = (options: QuestionOptions): KnowledgeQuestion[] =>
  drawQuestions('selfKnowledge', options, TEMPLATES);
