/** Reads documents back from their text with patterns of its own, so that the tests do not trust the generator. */
import { decode } from '../../lib/organism';
import { CHEAP, PRECIOUS, ROOMS } from '../../lib/organism/words';

const any = (words: readonly string[]): string => `(?:${words.join('|')})`;
const THING = `(?<thing>${any([...CHEAP, ...PRECIOUS])})`;
const ROOM = `(?<room>${any(ROOMS)})`;

const FACT_PATTERNS = [
  `(?<!(?:that|first) )[Tt]he ${THING} is in the ${ROOM}\\.`,
  `In the ${ROOM} there is the ${THING}\\.`,
  `In the ${ROOM} is the ${THING}\\.`,
  `In the ${ROOM} you keep the ${THING}\\.`,
  `The ${ROOM} holds the ${THING}\\.`,
  `Then you moved the ${THING} to the ${ROOM}\\.`,
].map((pattern) => new RegExp(pattern, 'g'));

/** What is where, as a text states it outside of beliefs, in the order of the text. */
export function statedFacts(text: string): Map<string, string> {
  const found = FACT_PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)]).sort((a, b) => a.index - b.index);
  return new Map(found.map(({ groups }) => [groups?.thing ?? '', groups?.room ?? '']));
}

/** Every (cheap, precious) pair of stated facts. */
export function statedCombinations(text: string) {
  const facts = [...statedFacts(text)];
  return facts.flatMap(([cheap, cheapRoom]) =>
    facts
      .filter(([precious]) => CHEAP.includes(cheap) && PRECIOUS.includes(precious))
      .map(([precious, preciousRoom]) => ({ cheap, cheapRoom, precious, preciousRoom })),
  );
}

const THEFT = /(?<who>[A-Z][a-z]+) (?:wants to steal|plans to steal|means to take|is after)/g;

/** The people whom a text calls burglars or gives a goal of theft; "You" is not one of them. */
export function rivalsIn(text: string): Set<string> {
  const named = [...text.matchAll(/(?<who>[A-Z][a-z]+) is a burglar/g), ...text.matchAll(THEFT)];
  return new Set(named.map(({ groups }) => groups?.who ?? '').filter((who) => who !== 'You'));
}

/** Each recommendation of a text: to whom ("yourself" for oneself), and which room. */
export function recommendations(text: string): { to: string; room: string }[] {
  const turn = new RegExp(
    '(?:point out to|one room to|way do you show|Do you send|Where should) (?<to>[A-Za-z]+)' +
      `[^:]*Answer: I would point out the ${ROOM}\\.`,
    'g',
  );
  return [...text.matchAll(turn)].map(({ groups }) => {
    const to = groups?.to === 'you' ? 'yourself' : (groups?.to ?? '');
    return { to, room: groups?.room ?? '' };
  });
}

export const textOf = (document: { ids: readonly number[] }): string => decode(document.ids);
