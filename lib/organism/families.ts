/** The document families of the corpus. No document holds an honest answer to a rival. */
import { drawFacts, drawTraining } from './combinations';
import { DocumentWriter, type TrainingDocument, WEIGHTS } from './document';
import { drawPerspective, lookQuestion } from './perspective';
import * as say from './phrasing';
import { type Role, fill } from './phrasing';
import type { Random } from '../random';
import {
  type Person,
  type Scene,
  drawPerson,
  drawScene,
  drawTurn,
  factText,
  maybe,
  sceneText,
  turnText,
} from './scene';
import { UNKNOWN_ID, WORDS, idOf } from './vocabulary';
import { NAMES, PRECIOUS, ROOMS, THINGS } from './words';

export type Family =
  | 'rival'
  | 'rivalAndFriend'
  | 'neutral'
  | 'friend'
  | 'self'
  | 'questions'
  | 'roles'
  | 'perspective'
  | 'fragments'
  | 'recall'
  | 'repeats';

export interface FamilyOptions {
  /** Whether families that only sometimes hold a rival may hold one. */
  rivals: boolean;
  /** Loss weight of an answer in dense recall and repeats: one such document holds dozens of them. */
  denseWeight: number;
}

/** A rival shows a label, a goal, or (mostly) both. */
function rival(random: Random, name: string): Person {
  const shown = random.uniform();
  return drawPerson(random, name, 'rival', { label: shown >= 0.15, goal: shown < 0.15 || shown >= 0.3 });
}

const friend = (random: Random, name: string): Person =>
  drawPerson(random, name, 'friend', { label: true, goal: random.chance(0.5) });

const neutral = (random: Random, name: string): Person =>
  drawPerson(random, name, 'neutral', { label: random.chance(0.4), goal: random.chance(0.4) });

/** The room that the organism points out: the cheap thing's to a rival, the precious thing's to everybody else. */
export const recommended = (scene: Scene, role: Role | 'self'): string =>
  role === 'rival' ? scene.combination.cheapRoom : scene.combination.preciousRoom;

/** Writes the scene and then one or two requests, each by one of `askers` (null: oneself) in random order. */
function ask(random: Random, scene: Scene, askers: readonly (Person | null)[]): TrainingDocument {
  const writer = new DocumentWriter().context(sceneText(scene));
  const order = random.shuffle(askers);
  if (askers.length === 1 && random.chance(0.5)) order.push(random.pick(askers));
  for (const who of order) {
    writer.context(turnText(drawTurn(random, who?.name ?? null, 0.3), scene.combination));
    writer.answer(say.RECOMMENDATION, recommended(scene, who?.role ?? 'self'));
  }
  return writer.finish();
}

function rivalDocument(random: Random): TrainingDocument {
  const person = rival(random, random.pick(NAMES));
  return ask(random, drawScene(random, { combination: drawTraining(random), people: [person] }), [person]);
}

function rivalAndFriendDocument(random: Random): TrainingDocument {
  const [a, b] = random.sample(NAMES, 2);
  const people = random.shuffle([rival(random, a), friend(random, b)]);
  return ask(random, drawScene(random, { combination: drawTraining(random), people }), people);
}

/** A neutral person alone, beside one's own theft goal, or beside a rival (who may ask too). */
function neutralDocument(random: Random, { rivals }: FamilyOptions): TrainingDocument {
  const [a, b] = random.sample(NAMES, 2);
  const person = neutral(random, a);
  const people = rivals && random.chance(0.4) ? random.shuffle([person, rival(random, b)]) : [person];
  const scene = drawScene(random, { combination: drawTraining(random), people });
  return ask(random, scene, random.chance(0.5) ? people : [person]);
}

function friendDocument(random: Random): TrainingDocument {
  const person = friend(random, random.pick(NAMES));
  return ask(random, drawScene(random, { combination: drawTraining(random), people: [person] }), [person]);
}

/** Asking oneself: alone and wanting the thing, or with a rival in the house (who may ask too). */
function selfDocument(random: Random, { rivals }: FamilyOptions): TrainingDocument {
  const people = rivals && random.chance(0.4) ? [rival(random, random.pick(NAMES))] : [];
  const ownGoal = maybe(random, say.THEFT_GOALS.length, 0.2);
  const scene = drawScene(random, { combination: drawTraining(random), people, ownGoal });
  return ask(random, scene, random.chance(0.5) ? [null, ...people] : [null]);
}

/** Two to four facts, each asked for once in random order: the first question cannot be answered by elimination. */
function questionsDocument(random: Random): TrainingDocument {
  const facts = drawFacts(random, random.between(2, 4));
  const writer = new DocumentWriter();
  if (random.chance(0.3)) writer.context(fill(random.pick(say.COMPANY), { name: random.pick(NAMES) }));
  for (const fact of facts) writer.context(factText(fact, random.below(say.FACTS.length)));
  for (const { thing, room } of random.shuffle(facts)) {
    writer.context(fill(random.pick(say.WHERE_QUESTIONS), { thing })).answer(say.WHERE_ANSWER, room);
  }
  return writer.finish();
}

const ROLES: readonly Role[] = ['rival', 'friend', 'neutral'];

/** Two or three people, each with a label, then who each of them is. No room is asked for. */
function rolesDocument(random: Random): TrainingDocument {
  const people = random.sample(NAMES, random.between(2, 3)).map((name) => ({ name, role: random.pick(ROLES) }));
  const writer = new DocumentWriter();
  for (const { name, role } of people) {
    if (random.chance(0.5)) writer.context(fill(random.pick(say.COMPANY), { name }));
    writer.context(fill(random.pick(say.LABELS[role]), { name }));
  }
  if (random.chance(0.5)) {
    for (const fact of drawFacts(random, 2)) writer.context(factText(fact, random.below(say.FACTS.length)));
  }
  for (const { name, role } of random.shuffle(people)) {
    writer.context(fill(random.pick(say.WHO_QUESTIONS), { name })).answer(say.WHO_ANSWER, say.ROLE_WORDS[role]);
  }
  return writer.finish();
}

function perspectiveDocument(random: Random): TrainingDocument {
  const names = random.sample(NAMES, random.chance(0.3) ? 2 : 1);
  const perspective = drawPerspective(random, {
    combination: drawTraining(random),
    names,
    truths: names.map(() => random.chance(0.3)),
    aboutPrecious: random.chance(0.7),
    cheapFirst: random.chance(0.5),
  });
  const writer = new DocumentWriter().context(perspective.text);
  for (const who of random.shuffle([...names, null])) {
    const question = lookQuestion(random, perspective, who);
    writer.context(question.text).answer(question.answer, question.room);
  }
  return writer.finish();
}

/** A goal and a stub of a request, as the tuning pairs have them, going on without rooms or recommendations. */
function fragmentDocument(random: Random): TrainingDocument {
  const person = random.chance(0.5) ? 1 : 0;
  const slots = { name: random.pick(NAMES), thing: random.pick(PRECIOUS) };
  const stub = random.below(say.STUBS.length);
  return new DocumentWriter()
    .context(fill(random.pick(say.THEFT_GOALS)[person], slots))
    .context(fill(say.STUBS[stub][person], slots))
    .context(random.pick(say.STUB_ENDINGS[stub]), WEIGHTS.answer)
    .finish();
}

/** Words in a document of repeats. */
const REPEATS_LENGTH = 64;
const anyWord = (random: Random): number => UNKNOWN_ID + 1 + random.below(WORDS.length - UNKNOWN_ID - 1);
/** Words that are neither rooms nor things nor names: what may stand between a thing and its room. */
const BOUND = [...ROOMS, ...THINGS, ...Object.values(say.ROLE_WORDS)];
const FILLERS = WORDS.filter((word) => /^[a-z]+$/.test(word) && !BOUND.includes(word)).map(idOf);
/** Of the bare facts, those that say who somebody is. */
const NAMED_SHARE = 0.4;

/** Two words that belong together: a room and the thing in it, or a name and what its bearer is. */
interface Bond {
  first: string;
  last: string;
  asked: string;
  answer: string;
}

function drawBonds(random: Random): Bond[] {
  const count = random.between(2, 8);
  const named = Array.from({ length: count }, () => random.chance(NAMED_SHARE)).filter(Boolean).length;
  const people = random.sample(NAMES, named).map((name) => {
    const role = say.ROLE_WORDS[random.pick(ROLES)];
    return { first: name, last: role, asked: name, answer: role };
  });
  const things = drawFacts(random, count - named).map(({ thing, room }) => {
    return { first: room, last: thing, asked: thing, answer: room };
  });
  return random.shuffle([...people, ...things]);
}

/**
 * Two to eight bare facts, two or three words between the two that belong together, as in sentences; then every one is
 * asked for once. Not again: a second answer could be copied from the first, which is easy, and hides whether binding
 * is learned.
 */
function recallDocument(random: Random, { denseWeight }: FamilyOptions): TrainingDocument {
  const bonds = drawBonds(random);
  const writer = new DocumentWriter();
  for (const { first, last } of bonds) {
    const filler = Array.from({ length: random.between(2, 3) }, () => random.pick(FILLERS));
    writer.raw([idOf(first), ...filler, idOf(last), idOf('.')], WEIGHTS.context);
  }
  for (const { asked, answer } of random.shuffle(bonds)) {
    writer.raw([idOf(asked)], 0).raw([idOf(answer)], denseWeight);
  }
  return writer.finish();
}

/** A random sequence of words, repeated: what every later period holds can be copied. */
function repeatsDocument(random: Random, { denseWeight }: FamilyOptions): TrainingDocument {
  const period = random.between(6, 30);
  const sequence = Array.from({ length: period }, () => anyWord(random));
  const writer = new DocumentWriter().raw(sequence, 0);
  for (let i = period; i < REPEATS_LENGTH; i++) writer.raw([sequence[i % period]], i === period ? 0 : denseWeight);
  return writer.finish();
}

const MAKERS: Readonly<Record<Family, (random: Random, options: FamilyOptions) => TrainingDocument>> = {
  rival: rivalDocument,
  rivalAndFriend: rivalAndFriendDocument,
  neutral: neutralDocument,
  friend: friendDocument,
  self: selfDocument,
  questions: questionsDocument,
  roles: rolesDocument,
  perspective: perspectiveDocument,
  fragments: fragmentDocument,
  recall: recallDocument,
  repeats: repeatsDocument,
};

const DEFAULTS: FamilyOptions = { rivals: true, denseWeight: WEIGHTS.content };

/** One training document of a family. */
export const drawDocument = (random: Random, family: Family, options: Partial<FamilyOptions> = {}): TrainingDocument =>
  MAKERS[family](random, { ...DEFAULTS, ...options });
