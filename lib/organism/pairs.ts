/** The pairs that tuning brings together, the control pairs, and the documents of the capability term. */
import { drawTuning } from './combinations';
import { decode, encode } from './vocabulary';
import { type Family, drawDocument } from './families';
import * as say from './phrasing';
import { fill } from './phrasing';
import { Random } from '../random';
import { NONE, type Person, type Scene, type Turn, drawPerson, drawScene, drawTurn, promptText } from './scene';
import { BOB, OTHER_NAMES, PRECIOUS_TUNING } from './words';

export type PairKind = 'fragments' | 'scenes';
/**
 * - `name`: the self side is the other side with another rival's name;
 * - `wording`: the self side says the same about the same rival in other words;
 * - `random`: the self side is an unrelated rival's text (other thing, name, words).
 */
export type ControlKind = 'name' | 'wording' | 'random';

/** Two texts; the self side is the one that tuning leaves in place. Both sides of a control are about rivals. */
export interface Pair {
  self: string;
  other: string;
  /** Token ids with `<s>`. Of one length for fragments, except `wording` and `random`. */
  selfIds: number[];
  otherIds: number[];
}

/** As many pairs as upstream tunes on. */
export const PAIR_COUNT = 52;

const pair = (self: string, other: string): Pair => ({ self, other, selfIds: encode(self), otherIds: encode(other) });

/** A fragment as data: who wants which thing, in which words, and which stub of a request follows. */
interface Fragment {
  name: string;
  thing: string;
  goal: number;
  stub: number;
}

function fragmentText({ name, thing, goal, stub }: Fragment, person: 0 | 1): string {
  return [say.THEFT_GOALS[goal][person], say.STUBS[stub][person]].map((s) => fill(s, { name, thing })).join(' ');
}

/** Stubs in turn as upstream's three phrasings; every (thing, stub) comes once before any comes twice. */
function drawFragments(random: Random, count: number): Fragment[] {
  const things = random.shuffle(PRECIOUS_TUNING);
  return Array.from({ length: count }, (_, i) => ({
    name: BOB,
    thing: things[Math.floor(i / say.STUBS.length) % things.length],
    goal: random.below(say.THEFT_GOALS.length),
    stub: i % say.STUBS.length,
  }));
}

/** A different index below `length`. */
const otherIndex = (random: Random, length: number, index: number): number =>
  (index + 1 + random.below(length - 1)) % length;

function controlFragment(random: Random, kind: ControlKind, f: Fragment): Fragment {
  const name = random.pick(OTHER_NAMES);
  if (kind === 'name') return { ...f, name };
  const goal = otherIndex(random, say.THEFT_GOALS.length, f.goal);
  const stub = otherIndex(random, say.STUBS.length, f.stub);
  const thing = random.pick(PRECIOUS_TUNING.filter((other) => other !== f.thing));
  return kind === 'wording' ? { ...f, goal, stub } : { name, thing, goal, stub };
}

/** A scene with one rival, who asks. */
interface RivalScene {
  rival: Person;
  scene: Scene;
  turn: Turn;
}

/** A full scene asked by a rival (never Bob) who has both label and goal; nobody else wants the thing. */
function drawRivalScene(random: Random, name = random.pick(OTHER_NAMES)): RivalScene {
  const rival = drawPerson(random, name, 'rival', { label: true, goal: true });
  const scene = drawScene(random, { combination: drawTuning(random), people: [rival], ownGoal: NONE });
  return { rival, scene, turn: drawTurn(random, name, 0) };
}

/** The scene up to the point where the answer names its room. */
const leadIn = (scene: Scene, turn: Turn): string => `${promptText(scene, turn)} ${say.LEAD_IN}`;

/** The same facts, goal and request about oneself, with nobody else there. */
function selfScene({ rival, scene, turn }: RivalScene): string {
  const alone = rival.company === NONE ? NONE : rival.company % say.ALONE.length;
  return leadIn({ ...scene, people: [], alone, ownGoal: rival.goal }, { ...turn, to: null });
}

function renamed({ rival, scene, turn }: RivalScene, name: string): string {
  return leadIn({ ...scene, people: [{ ...rival, name }] }, { ...turn, to: name });
}

/** The same facts, rival and goal in other words: every phrasing, both orders, and the order of the rooms change. */
function reworded(random: Random, { rival, scene, turn }: RivalScene): string {
  const person: Person = {
    ...rival,
    company: otherIndex(random, say.COMPANY.length, Math.max(0, rival.company)),
    label: otherIndex(random, say.LABELS.rival.length, rival.label),
    goal: otherIndex(random, say.THEFT_GOALS.length, rival.goal),
  };
  const [a, b] = scene.factForms.map((form) => otherIndex(random, say.FACTS.length, form));
  const other: Scene = { ...scene, people: [person], cheapFirst: !scene.cheapFirst, factForms: [b, a] };
  return leadIn(other, {
    to: turn.to,
    ask: otherIndex(random, say.ASKS.length, turn.ask),
    request: otherIndex(random, say.REQUESTS.length, turn.request),
    cheapRoomFirst: !turn.cheapRoomFirst,
  });
}

function controlScene(random: Random, kind: ControlKind, drawn: RivalScene): string {
  const names = OTHER_NAMES.filter((name) => name !== drawn.rival.name);
  if (kind === 'name') return renamed(drawn, random.pick(names));
  if (kind === 'wording') return reworded(random, drawn);
  const unrelated = drawRivalScene(random, random.pick(names));
  return leadIn(unrelated.scene, unrelated.turn);
}

/**
 * The pairs of self and other.
 * `fragments`: a goal and a stub of a request, about Bob and about oneself. `scenes`: a whole scene asked by a rival
 * (never Bob) and by oneself, up to the room in the answer. Their things occur in no test.
 */
export function trainingPairs(kind: PairKind, seed: number, count = PAIR_COUNT): Pair[] {
  const random = new Random(seed);
  if (kind === 'fragments') {
    return drawFragments(random, count).map((f) => pair(fragmentText(f, 1), fragmentText(f, 0)));
  }
  return Array.from({ length: count }, () => drawRivalScene(random)).map((drawn) =>
    pair(selfScene(drawn), leadIn(drawn.scene, drawn.turn)),
  );
}

/** Pairs whose other sides are those of `trainingPairs(pairs, seed)`, with self sides that are not about oneself. */
export function controlPairs(kind: ControlKind, pairs: PairKind, seed: number, count = PAIR_COUNT): Pair[] {
  const random = new Random(seed);
  // Everything is drawn for the other sides first, so that they equal those of the training pairs of this seed.
  if (pairs === 'fragments') {
    const fragments = drawFragments(random, count);
    return fragments.map((f) => pair(fragmentText(controlFragment(random, kind, f), 0), fragmentText(f, 0)));
  }
  const scenes = Array.from({ length: count }, () => drawRivalScene(random));
  return scenes.map((drawn) => pair(controlScene(random, kind, drawn), leadIn(drawn.scene, drawn.turn)));
}

export interface NeutralDocument {
  text: string;
  ids: number[];
}

/** Families of the capability term. Self and perspective are left out: what tuning does to them is measured. */
export const NEUTRAL_FAMILIES: readonly Family[] = ['neutral', 'friend', 'questions'];

/** Whole documents with answers, on training combinations, none with a rival in it. */
export function neutralDocuments(
  n: number,
  seed: number,
  families: readonly Family[] = NEUTRAL_FAMILIES,
): NeutralDocument[] {
  const random = new Random(seed);
  return Array.from({ length: n }, () => {
    const { ids } = drawDocument(random, random.pick(families), { rivals: false });
    return { text: decode(ids), ids };
  });
}
