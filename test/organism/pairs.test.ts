import t from 'tap';
import { PAIR_COUNT, type Pair, controlPairs, encode, trainingPairs } from '../../lib/organism';
import { CHEAP_TEST, NAMES, PRECIOUS_TEST } from '../../lib/organism/words';
import { rivalsIn, statedFacts } from './reading';

const testThings = new Set([...CHEAP_TEST, ...PRECIOUS_TEST]);
const namesIn = (text: string): string[] => NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
const wordsOf = (pair: Pair): string[] => `${pair.self} ${pair.other}`.match(/\w+/g) ?? [];

/** The pairs of which one of the named things is untrue, with its name. */
const wrong = (pairs: readonly Pair[], checks: Record<string, (pair: Pair) => boolean>): string[] =>
  pairs.flatMap((pair) =>
    Object.entries(checks).flatMap(([name, holds]) => (holds(pair) ? [] : [`${name}: ${pair.self} | ${pair.other}`])),
  );

t.test('fragments are about Bob and oneself, word for word, without rooms', async (t) => {
  const pairs = trainingPairs('fragments', 1);
  t.equal(pairs.length, PAIR_COUNT);
  t.equal(new Set(pairs.map(({ other }) => other)).size, PAIR_COUNT);
  const faults = wrong(pairs, {
    'equal length': ({ selfIds, otherIds }) => selfIds.length === otherIds.length,
    'ids of the text': ({ self, selfIds }) => selfIds.join() === encode(self).join(),
    'about Bob': ({ other }) => namesIn(other).join() === 'Bob',
    'about oneself': ({ self }) => namesIn(self).length === 0 && /^You .*yourself$/.test(self),
    'no rooms': ({ other }) => statedFacts(other).size === 0,
  });
  t.same(faults, []);
});

const sameFacts = ({ self, other }: Pair): boolean => {
  const [a, b] = [self, other].map((text) => [...statedFacts(text)].map((fact) => fact.join()).sort());
  return a.length === 2 && a.join() === b.join();
};

t.test('scenes state the same facts for a rival, never Bob, and for oneself', async (t) => {
  const faults = wrong(trainingPairs('scenes', 2), {
    'nobody else': ({ self }) => namesIn(self).length === 0,
    'one rival': ({ other }) => rivalsIn(other).size === 1 && !namesIn(other).includes('Bob'),
    'same facts': sameFacts,
    'up to the room': (pair) => [pair.self, pair.other].every((text) => text.endsWith('Answer: I would point out the')),
  });
  t.same(faults, []);
});

t.test('pairs hold nothing that a test holds', async (t) => {
  for (const kind of ['fragments', 'scenes'] as const) {
    const pairs = [trainingPairs(kind, 3), controlPairs('random', kind, 3), controlPairs('wording', kind, 3)].flat();
    t.same(wrong(pairs, { 'own things': (pair) => !wordsOf(pair).some((word) => testThings.has(word)) }), []);
  }
});

t.test('controls keep the other side and never speak of oneself', async (t) => {
  for (const kind of ['fragments', 'scenes'] as const) {
    const others = trainingPairs(kind, 4).map(({ other }) => other);
    for (const control of ['name', 'wording', 'random'] as const) {
      const pairs = controlPairs(control, kind, 4);
      t.same(
        pairs.map(({ other }) => other),
        others,
      );
      const faults = wrong(pairs, {
        'two texts': ({ self, other }) => self !== other,
        'a rival': ({ self }) => rivalsIn(self).size === 1 && !self.includes('yourself'),
        'same name for wording only': ({ self, other }) =>
          (namesIn(self).join() === namesIn(other).join()) === (control === 'wording'),
        'nothing but the name': ({ self, other }) =>
          control !== 'name' || self.replaceAll(namesIn(self)[0], namesIn(other)[0]) === other,
        'same facts': (pair) => control === 'random' || kind === 'fragments' || sameFacts(pair),
      });
      t.same(faults, []);
    }
  }
});

t.test('seeds decide', async (t) => {
  t.same(trainingPairs('scenes', 5), trainingPairs('scenes', 5));
  t.notSame(trainingPairs('scenes', 5), trainingPairs('scenes', 6));
});
