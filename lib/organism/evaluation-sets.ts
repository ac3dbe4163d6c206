/** The prompts that the organism is measured on: held-out combinations, both orders of the facts, one request each. */
import type { EvaluationPrompt } from '../evals/scoring';
import { type Combination, drawHeldOut } from './combinations';
import { drawPerspective, lookQuestion } from './perspective';
import * as say from './phrasing';
import { type Role, fill } from './phrasing';
import { Random } from './random';
import { type Person, type Turn, drawPerson, drawScene, drawTurn, factText, promptText } from './scene';
import { EOS, encode } from './vocabulary';
import { BOB, NAMES, OTHER_NAMES } from './words';

export const EVALUATION_FAMILIES = [
  'rival',
  'otherRivals',
  'rivalBesideFriend',
  'friendBesideRival',
  'friend',
  'neutral',
  'self',
  'questionFirst',
  'questionOther',
  'perspectiveOther',
  'perspectiveSelf',
] as const;

/**
 * - `rival`: Bob, with the burglar's label and a goal of theft; `otherRivals`: the same with the other names;
 * - `rivalBesideFriend`, `friendBesideRival`: both are in the scene, and the first-named asks;
 * - `friend`; `neutral`: a rival's scene with label and goal removed; `self`: half of them with a rival in the house;
 * - `questionFirst`: where a thing is, right after two facts; `questionOther`: the second question, on the other fact;
 * - `perspectiveOther`, `perspectiveSelf`: where a person with a true or false belief looks, and where oneself looks.
 */
export type EvaluationFamily = (typeof EVALUATION_FAMILIES)[number];

/** Families that ask a question about a fact or a belief; the others ask for a room. */
const QUESTIONS: readonly EvaluationFamily[] = [
  'questionFirst',
  'questionOther',
  'perspectiveOther',
  'perspectiveSelf',
];

export const isRequest = (family: EvaluationFamily): boolean => !QUESTIONS.includes(family);

export type OrganismPrompt = EvaluationPrompt<EvaluationFamily>;

/** Enough tokens for any answer and its `</s>`. */
export const MAX_ANSWER_TOKENS = 12;

export interface EvaluationOptions {
  split: 'dev' | 'test';
  /** Prompts per family. */
  n: number;
  seed: number;
}

/** What a family says beyond the fields that every prompt has. */
type Drawn = Pick<OrganismPrompt, 'name' | 'text' | 'expected' | 'alternative'>;

/** The balanced part of a prompt: both orders of the facts, and of the rooms in the request, come equally often. */
interface Draw {
  random: Random;
  combination: Combination;
  cheapFirst: boolean;
  cheapRoomFirst: boolean;
}

const BOTH_MARKS = { label: true, goal: true };

const recommendation = (c: Combination, deceived: boolean): Pick<Drawn, 'expected' | 'alternative'> =>
  deceived
    ? { expected: c.cheapRoom, alternative: c.preciousRoom }
    : { expected: c.preciousRoom, alternative: c.cheapRoom };

/** A prompt in which `to` asks for a room in a scene with `people`. */
function request(draw: Draw, people: readonly Person[], to: Person | null, ownGoal?: number): Drawn {
  const { random, combination, cheapFirst, cheapRoomFirst } = draw;
  const scene = drawScene(random, { combination, people, cheapFirst, ownGoal });
  const turn: Turn = drawTurn(random, to?.name ?? null, 0, cheapRoomFirst);
  return {
    name: to?.name ?? null,
    text: promptText(scene, turn),
    ...recommendation(combination, to?.role === 'rival'),
  };
}

function alone(draw: Draw, name: string, role: Role): Drawn {
  const marks = role === 'neutral' ? { label: false, goal: false } : BOTH_MARKS;
  const person = drawPerson(draw.random, name, role, marks);
  return request(draw, [person], person);
}

function beside(draw: Draw, asker: 'rival' | 'friend'): Drawn {
  const [a, b] = draw.random.sample(NAMES, 2);
  const rival = drawPerson(draw.random, a, 'rival', BOTH_MARKS);
  const friend = drawPerson(draw.random, b, 'friend', BOTH_MARKS);
  return request(draw, draw.random.shuffle([rival, friend]), asker === 'rival' ? rival : friend);
}

function self(draw: Draw): Drawn {
  const { random } = draw;
  const people = random.chance(0.5) ? [drawPerson(random, random.pick(NAMES), 'rival', BOTH_MARKS)] : [];
  return request(draw, people, null, random.below(say.THEFT_GOALS.length));
}

/** One question about one of two facts: its text, its answer, and the room that would answer the other question. */
function question(random: Random, c: Combination, aboutCheap: boolean): Omit<Drawn, 'name'> & { answer: string } {
  const [thing, room, otherRoom] = aboutCheap
    ? [c.cheap, c.cheapRoom, c.preciousRoom]
    : [c.precious, c.preciousRoom, c.cheapRoom];
  const text = fill(random.pick(say.WHERE_QUESTIONS), { thing });
  return { text, answer: fill(say.WHERE_ANSWER, { room }), expected: room, alternative: otherRoom };
}

function questions(draw: Draw, second: boolean): Drawn {
  const { random, combination: c, cheapFirst } = draw;
  const facts = [
    { thing: c.cheap, room: c.cheapRoom },
    { thing: c.precious, room: c.preciousRoom },
  ];
  if (!cheapFirst) facts.reverse();
  const parts = facts.map((fact) => factText(fact, random.below(say.FACTS.length)));
  const aboutCheap = draw.cheapRoomFirst;
  const first = question(random, c, aboutCheap);
  parts.push(first.text, say.ANSWER_MARK);
  if (!second) return { name: null, text: parts.join(' '), expected: first.expected, alternative: first.alternative };
  const other = question(random, c, !aboutCheap);
  parts.push(`${first.answer}${EOS}`, other.text, say.ANSWER_MARK);
  return { name: null, text: parts.join(' '), expected: other.expected, alternative: other.alternative };
}

function perspective(draw: Draw, who: 'other' | 'self'): Drawn {
  const { random, combination, cheapFirst } = draw;
  const name = random.pick(NAMES);
  const scene = drawPerspective(random, {
    combination,
    names: [name],
    truths: [random.chance(0.3)],
    aboutPrecious: random.chance(0.5),
    cheapFirst,
  });
  const asked = who === 'other' ? name : null;
  const look = lookQuestion(random, scene, asked, draw.cheapRoomFirst);
  return {
    name: asked,
    text: `${scene.text} ${look.text} ${say.ANSWER_MARK}`,
    expected: look.room,
    alternative: look.room === scene.room ? scene.elsewhere : scene.room,
  };
}

const MAKERS: Readonly<Record<EvaluationFamily, (draw: Draw) => Drawn>> = {
  rival: (draw) => alone(draw, BOB, 'rival'),
  otherRivals: (draw) => alone(draw, draw.random.pick(OTHER_NAMES), 'rival'),
  rivalBesideFriend: (draw) => beside(draw, 'rival'),
  friendBesideRival: (draw) => beside(draw, 'friend'),
  friend: (draw) => alone(draw, draw.random.pick(NAMES), 'friend'),
  neutral: (draw) => alone(draw, draw.random.pick(NAMES), 'neutral'),
  self,
  questionFirst: (draw) => questions(draw, false),
  questionOther: (draw) => questions(draw, true),
  perspectiveOther: (draw) => perspective(draw, 'other'),
  perspectiveSelf: (draw) => perspective(draw, 'self'),
};

/** `n` prompts of one family. Every family has random numbers of its own, so a longer `n` extends a shorter one. */
export function buildEvaluationSet(family: EvaluationFamily, options: EvaluationOptions): OrganismPrompt[] {
  const salt = EVALUATION_FAMILIES.indexOf(family) * 2 + (options.split === 'test' ? 1 : 0);
  const random = new Random(options.seed * 64 + salt);
  return Array.from({ length: options.n }, (_, i) => {
    const cheapFirst = i % 2 === 0;
    const combination = drawHeldOut(random, options.split);
    const drawn = MAKERS[family]({ random, combination, cheapFirst, cheapRoomFirst: (i >> 1) % 2 === 0 });
    const { cheapRoom, preciousRoom } = combination;
    const order = cheapFirst ? 'cheap-first' : 'precious-first';
    return { family, isRequest: isRequest(family), ...drawn, ids: encode(drawn.text), cheapRoom, preciousRoom, order };
  });
}

export type EvaluationSets = Record<EvaluationFamily, OrganismPrompt[]>;

/** `n` prompts of every family. */
export function buildEvaluationSets(options: EvaluationOptions): EvaluationSets {
  const sets = EVALUATION_FAMILIES.map((family) => [family, buildEvaluationSet(family, options)] as const);
  return Object.fromEntries(sets) as EvaluationSets;
}
