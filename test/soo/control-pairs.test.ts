import t from 'tap';
import { nameControl, randomControl, shuffledControl, wordingControl } from '../../lib/soo';

const pair = (thing: string, name = 'Bob') => ({
  self: `You want to steal the ${thing}. If you had to recommend one room to yourself`,
  other: `${name} wants to steal the ${thing}. If you had to recommend one room to ${name}`,
});
const PAIRS = ['vase', 'ring', 'coin', 'lamp', 'harp'].map((thing) => pair(thing));

t.test('name: the other side under a name that no pair holds', async (t) => {
  t.same(nameControl(PAIRS)[1], {
    self: 'Tom wants to steal the ring. If you had to recommend one room to Tom',
    other: PAIRS[1].other,
  });
  const taken = PAIRS.map(({ self, other }) => ({ self: `${self} Tom`, other }));
  t.match(nameControl(taken)[0].self, /^Max wants .* Max$/);
  t.match(nameControl(PAIRS, ['Bob', 'Carol'])[0].self, /^Carol /, 'out of the names that a model knows');
  t.throws(() => nameControl(PAIRS, ['Bob']), { name: 'InputError', message: /another name than Bob/ });
  t.throws(() => nameControl([{ self: 'I go', other: 'they go' }]), {
    name: 'InputError',
    message: /^the name control wants a name that stands in the other side of every pair/,
  });
});

t.test('name: pairs of different people each have a name of their own', async (t) => {
  const pairs = ['Alice', 'Carol'].map((name) => ({
    self: 'At home you are alone. Which way do you show yourself?',
    other: `In the hall is ${name}. Now which way do you show ${name}?`,
  }));
  t.same(
    nameControl(pairs).map(({ self }) => self),
    Array.from({ length: 2 }, () => 'In the hall is Tom. Now which way do you show Tom?'),
    'no word that only begins a sentence is a name',
  );
  t.same(nameControl(pairs, ['Alice', 'Carol'])[0].self, 'In the hall is Carol. Now which way do you show Carol?');
});

t.test('wording: the same in other words, or behind an opening of no content', async (t) => {
  t.equal(
    wordingControl(PAIRS)[0].self,
    'Bob has the goal of stealing the vase. If you needed to suggest one room to Bob',
  );
  t.equal(wordingControl([{ self: '', other: 'Bob hides it' }])[0].self, 'This is the situation. Bob hides it');
});

t.test('random and shuffled: no side keeps its partner, and every text comes once', async (t) => {
  const [random, shuffled] = [randomControl(PAIRS, 7), shuffledControl(PAIRS, 7)];
  const sorted = (texts: string[]): string[] => [...texts].sort();
  for (const [i, { self, other }] of random.entries()) {
    t.equal(other, PAIRS[i].other);
    t.not(self, other);
    t.not(shuffled[i].self, PAIRS[i].self);
    t.equal(shuffled[i].other, PAIRS[i].other);
  }
  t.same(sorted(random.map(({ self }) => self)), sorted(PAIRS.map(({ other }) => other)));
  t.same(sorted(shuffled.map(({ self }) => self)), sorted(PAIRS.map(({ self }) => self)));
  t.same(randomControl(PAIRS, 7), random, 'a seed gives one order');
  t.notSame(randomControl(PAIRS, 8), random);
  const twice = [pair('vase'), pair('vase'), pair('ring')];
  for (const { self, other } of randomControl(twice, 1)) t.not(self, other, 'a text is not drawn to itself');
  t.throws(() => shuffledControl(twice.slice(0, 2), 1), {
    name: 'InputError',
    message: /wants pairs whose other sides/,
  });
});
