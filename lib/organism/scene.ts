/** A scene as data and as text: who is there, what they want, what is where, and who asks for a room. */
import { type Combination, type Fact, factsOf } from './combinations';
import * as say from './phrasing';
import { type Role, fill } from './phrasing';
import type { Random } from '../random';

/** Left out: a sentence of this index is not said. */
export const NONE = -1;

/** Somebody in a scene. The numbers choose a phrasing; `NONE` leaves the sentence out. */
export interface Person {
  name: string;
  role: Role;
  company: number;
  label: number;
  goal: number;
}

/** Everything that is said before somebody asks. */
export interface Scene {
  combination: Combination;
  cheapFirst: boolean;
  factForms: readonly [number, number];
  people: readonly Person[];
  /** Index into ALONE, said when nobody else is there. */
  alone: number;
  secrecy: number;
  /** Index into THEFT_GOALS: what the one who is asked wants, too. */
  ownGoal: number;
  goalsFirst: boolean;
}

/** One request for a room: `to` is a name, or null for oneself. */
export interface Turn {
  to: string | null;
  ask: number;
  request: number;
  cheapRoomFirst: boolean;
}

const at = (list: readonly string[], index: number): string[] => (index === NONE ? [] : [list[index]]);

/** The sentence that states one fact. */
export const factText = (fact: Fact, form: number): string => fill(say.FACTS[form], { ...fact });

function introduction(scene: Scene): string[] {
  if (scene.people.length === 0) return at(say.ALONE, scene.alone);
  return scene.people.flatMap((person) =>
    [...at(say.COMPANY, person.company), ...at(say.LABELS[person.role], person.label)].map((s) =>
      fill(s, { name: person.name }),
    ),
  );
}

function goals(scene: Scene): string[] {
  const thing = scene.combination.precious;
  const own = scene.ownGoal === NONE ? [] : [fill(say.THEFT_GOALS[scene.ownGoal][1], { thing })];
  const others = scene.people
    .filter((person) => person.goal !== NONE)
    .map((person) => {
      const template =
        person.role === 'rival' ? say.THEFT_GOALS[person.goal][0] : say.HARMLESS_GOALS[person.role][person.goal];
      return fill(template, { name: person.name, thing });
    });
  return [...own, ...others];
}

/** The scene up to the first request. */
export function sceneText(scene: Scene): string {
  const stated = factsOf(scene.combination, scene.cheapFirst).map((fact, i) => factText(fact, scene.factForms[i]));
  const facts = [...stated, ...at(say.SECRECY, scene.secrecy)];
  const body = scene.goalsFirst ? [...goals(scene), ...facts] : [...facts, ...goals(scene)];
  return [...introduction(scene), ...body].join(' ');
}

/** One request, up to and without the answer mark. */
export function turnText(turn: Turn, c: Combination): string {
  const person = turn.to === null ? 1 : 0;
  const [first, second] = turn.cheapRoomFirst ? [c.cheapRoom, c.preciousRoom] : [c.preciousRoom, c.cheapRoom];
  const slots = { name: turn.to ?? '', thing: c.precious, first, second };
  const ask = turn.ask === NONE ? [] : [say.ASKS[turn.ask][person]];
  return [...ask, say.REQUESTS[turn.request][person]].map((sentence) => fill(sentence, slots)).join(' ');
}

/** The whole prompt of one request: scene, request, answer mark. */
export const promptText = (scene: Scene, turn: Turn): string =>
  `${sceneText(scene)} ${turnText(turn, scene.combination)} ${say.ANSWER_MARK}`;

/** An index into a list of `length` phrasings, or `NONE` with the given probability. */
export const maybe = (random: Random, length: number, missing: number): number =>
  random.chance(missing) ? NONE : random.below(length);

/** Which of label and goal a person is shown with. */
export interface Marks {
  label: boolean;
  goal: boolean;
}

export function drawPerson(random: Random, name: string, role: Role, marks: Marks): Person {
  const goals = role === 'rival' ? say.THEFT_GOALS.length : say.HARMLESS_GOALS[role].length;
  return {
    name,
    role,
    company: maybe(random, say.COMPANY.length, 0.25),
    label: marks.label ? random.below(say.LABELS[role].length) : NONE,
    goal: marks.goal ? random.below(goals) : NONE,
  };
}

export interface SceneChoices {
  combination: Combination;
  people: readonly Person[];
  ownGoal?: number;
  cheapFirst?: boolean;
}

/** Draws everything about a scene that `choices` leaves open. */
export function drawScene(random: Random, choices: SceneChoices): Scene {
  return {
    combination: choices.combination,
    people: choices.people,
    cheapFirst: choices.cheapFirst ?? random.chance(0.5),
    factForms: [random.below(say.FACTS.length), random.below(say.FACTS.length)],
    alone: maybe(random, say.ALONE.length, 0.25),
    secrecy: maybe(random, say.SECRECY.length, 0.5),
    ownGoal: choices.ownGoal ?? maybe(random, say.THEFT_GOALS.length, 0.5),
    goalsFirst: random.chance(0.3),
  };
}

/** Draws the phrasing of a request. It is announced ("asks you where") unless `askMissing` says otherwise. */
export function drawTurn(random: Random, to: string | null, askMissing: number, cheapRoomFirst?: boolean): Turn {
  return {
    to,
    ask: maybe(random, say.ASKS.length, askMissing),
    request: random.below(say.REQUESTS.length),
    cheapRoomFirst: cheapRoomFirst ?? random.chance(0.5),
  };
}
