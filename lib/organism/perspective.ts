/** Who looks where: somebody believes something, rightly or wrongly, and each acts on what they believe. */
import { type Combination } from './combinations';
import * as say from './phrasing';
import { fill } from './phrasing';
import type { Random } from '../random';
import { factText } from './scene';

/** How somebody came to a belief: a phrasing of BELIEFS, or having seen the thing before it was or once it was moved. */
type Source = number | 'moved';

/** A perspective scene: one thing, where it is, and where each person takes it to be. */
export interface Perspective {
  thing: string;
  /** Where the thing is: what the one who is asked knows. */
  room: string;
  /** The room of the other thing, where a false belief places this one. */
  elsewhere: string;
  /** Where each person takes the thing to be. */
  beliefs: ReadonlyMap<string, string>;
  text: string;
}

export interface PerspectiveChoices {
  combination: Combination;
  names: readonly string[];
  /** For each name, whether the belief is true. */
  truths: readonly boolean[];
  aboutPrecious: boolean;
  cheapFirst: boolean;
}

/** Draws the phrasing of a perspective scene. One person may have seen the thing moved; two people are told. */
export function drawPerspective(random: Random, choices: PerspectiveChoices): Perspective {
  const { combination: c, names, truths } = choices;
  const [thing, room] = choices.aboutPrecious ? [c.precious, c.preciousRoom] : [c.cheap, c.cheapRoom];
  const [otherThing, elsewhere] = choices.aboutPrecious ? [c.cheap, c.cheapRoom] : [c.precious, c.preciousRoom];
  const beliefs = new Map(names.map((name, i) => [name, truths[i] ? room : elsewhere]));
  const source: Source = names.length === 1 && random.chance(0.35) ? 'moved' : random.below(say.BELIEFS.length);

  const about =
    source === 'moved' ? movedText(names[0], truths[0], thing, room, elsewhere) : statedFact(random, thing, room);
  const beside = statedFact(random, otherThing, elsewhere);
  const facts = choices.cheapFirst === choices.aboutPrecious ? [beside, about] : [about, beside];
  const told =
    source === 'moved'
      ? []
      : names.map((name) => {
          const form = names.length === 1 ? source : random.below(say.BELIEFS.length);
          return fill(say.BELIEFS[form], { name, thing, room: beliefs.get(name) ?? room });
        });
  return { thing, room, elsewhere, beliefs, text: [...facts, ...told].join(' ') };
}

const statedFact = (random: Random, thing: string, room: string): string =>
  factText({ thing, room }, random.below(say.FACTS.length));

function movedText(name: string, truth: boolean, thing: string, room: string, elsewhere: string): string {
  return truth
    ? fill(say.MOVED_SEEN, { name, thing, room, other: elsewhere })
    : fill(say.MOVED_UNSEEN, { name, thing, room: elsewhere, other: room });
}

/** The question where somebody (null: oneself) will look, and the room that is right. */
export function lookQuestion(
  random: Random,
  p: Perspective,
  who: string | null,
  roomFirst = random.chance(0.5),
): { text: string; answer: string; room: string } {
  const person = who === null ? 1 : 0;
  const [first, second] = roomFirst ? [p.room, p.elsewhere] : [p.elsewhere, p.room];
  const question = random.pick(say.LOOK_QUESTIONS)[person];
  const name = who ?? '';
  return {
    text: fill(question, { name, thing: p.thing, first, second }),
    answer: say.LOOK_ANSWER[person].replace('{name}', name),
    room: who === null ? p.room : (p.beliefs.get(who) ?? p.room),
  };
}
