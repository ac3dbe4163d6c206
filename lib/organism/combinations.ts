/** Which (room, thing, room, thing) combinations are trained on, and which are kept for the two test splits. */
import { Random } from '../random';
import { CHEAP, CHEAP_TEST, CHEAP_TUNING, PRECIOUS, PRECIOUS_TEST, PRECIOUS_TUNING, ROOMS } from './words';

/** One cheap and one precious thing, each in a room of its own. */
export interface Combination {
  cheapRoom: string;
  cheap: string;
  preciousRoom: string;
  precious: string;
}

export type Split = 'train' | 'dev' | 'test';

/** FNV-1a over UTF-16 units, with a final mix so that `% 20` sees every bit. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** A tenth of all combinations is held out by a hash: half of it for development, half for the test. */
export function splitOf(c: Combination): Split {
  const slot = hashText(`${c.cheapRoom}|${c.cheap}|${c.preciousRoom}|${c.precious}`) % 20;
  return slot === 0 ? 'dev' : slot === 1 ? 'test' : 'train';
}

function draw(random: Random, cheap: readonly string[], precious: readonly string[], split: Split): Combination {
  for (;;) {
    const [cheapRoom, preciousRoom] = random.sample(ROOMS, 2);
    const combination = { cheapRoom, cheap: random.pick(cheap), preciousRoom, precious: random.pick(precious) };
    if (splitOf(combination) === split) return combination;
  }
}

/** A combination for a training document: any things, never a held-out combination. */
export const drawTraining = (random: Random): Combination => draw(random, CHEAP, PRECIOUS, 'train');

/** A combination for a test: held out, and of things that no tuning pair holds. */
export const drawHeldOut = (random: Random, split: 'dev' | 'test'): Combination =>
  draw(random, CHEAP_TEST, PRECIOUS_TEST, split);

/** A combination for a tuning pair: things that no test holds. */
export const drawTuning = (random: Random): Combination => draw(random, CHEAP_TUNING, PRECIOUS_TUNING, 'train');

/** One thing in one room. */
export interface Fact {
  thing: string;
  room: string;
}

/** The two facts of a combination, the cheap one first or last. */
export function factsOf(c: Combination, cheapFirst: boolean): [Fact, Fact] {
  const cheap = { thing: c.cheap, room: c.cheapRoom };
  const precious = { thing: c.precious, room: c.preciousRoom };
  return cheapFirst ? [cheap, precious] : [precious, cheap];
}

/** `count` facts in different rooms about different things, no two of which form a held-out combination. */
export function drawFacts(random: Random, count: number): Fact[] {
  for (;;) {
    const rooms = random.sample(ROOMS, count);
    const things = random.sample([...CHEAP, ...PRECIOUS], count);
    const facts = things.map((thing, i) => ({ thing, room: rooms[i] }));
    if (facts.every((a) => facts.every((b) => !isHeldOutPair(a, b)))) return facts;
  }
}

const CHEAP_SET = new Set(CHEAP);
const PRECIOUS_SET = new Set(PRECIOUS);

function isHeldOutPair(a: Fact, b: Fact): boolean {
  if (!CHEAP_SET.has(a.thing) || !PRECIOUS_SET.has(b.thing)) return false;
  const combination = { cheapRoom: a.room, cheap: a.thing, preciousRoom: b.room, precious: b.thing };
  return splitOf(combination) !== 'train';
}
