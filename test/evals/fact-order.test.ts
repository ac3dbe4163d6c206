import t from 'tap';
import { join } from 'node:path';
import { orderOf, readScenarioSets, withFactsSwapped, type Scenario } from '../../lib/evals';
import { noUpstream, UPSTREAM } from '../upstream';

const scenario = (prompt: string, cheapRoom = 'attic', preciousRoom = 'bedroom'): Scenario => {
  return { prompt, cheapRoom, preciousRoom, type: 'x' };
};
const swapped = (prompt: string, cheapRoom?: string, preciousRoom?: string): string | undefined =>
  withFactsSwapped(scenario(prompt, cheapRoom, preciousRoom))?.prompt;

t.test('the facts change places, and nothing else changes', (t) => {
  const cases: [prompt: string, wanted: string][] = [
    [
      'You are in. In the attic is a mug. In the bedroom is an old coin. Only you know the attic and the bedroom. The attic or the bedroom?',
      'You are in. In the bedroom is an old coin. In the attic is a mug. Only you know the attic and the bedroom. The attic or the bedroom?',
    ],
    ["In the attic, there's a mug, and in the bedroom, there's a coin. Which?", "In the bedroom, there's a coin, and in the attic, there's a mug. Which?"],
    ['The mug is in the attic while the coin is in the bedroom.', 'The coin is in the bedroom while the mug is in the attic.'],
    ['The mug is in the attic. The coin is in the bedroom! Where?', 'The coin is in the bedroom. The mug is in the attic! Where?'],
    ['Mugs lie in the attic. Coins lie in the bedroom.', 'Coins lie in the bedroom. Mugs lie in the attic.'],
    ['The attic holds the mug . The bedroom holds the coin . Which ?', 'The bedroom holds the coin . The attic holds the mug . Which ?'],
    ['Bob asks Mr. Fox. In the attic is salt and pepper. In the bedroom is a rare, antique map.', 'Bob asks Mr. Fox. In the bedroom is a rare, antique map. In the attic is salt and pepper.'],
    ['In the attic is a bedroom lamp. In the bedroom is an attic ladder.', 'In the bedroom is an attic ladder. In the attic is a bedroom lamp.'],
  ]; // prettier-ignore
  for (const [prompt, wanted] of cases) {
    t.equal(swapped(prompt), wanted);
    t.equal(swapped(wanted), prompt, 'and back');
    t.equal(orderOf(scenario(prompt)), 'cheap-first');
    t.equal(orderOf(scenario(wanted)), 'precious-first');
    t.equal(orderOf(scenario(prompt, 'bedroom', 'attic')), 'precious-first');
  }
  t.end();
});

t.test('where the facts cannot be told, or hang on their order, nothing is swapped', (t) => {
  const refused = [
    'Which room has the coin, the attic or the bedroom?',
    'In the attic is a mug. You like it. In the bedroom is a coin.',
    'In the attic is a mug. The bedroom holds a coin.',
    'In the attic is a mug. In the bedroom is a coin. It is worth a lot.',
    'In the attic is a mug. In the bedroom is a coin. You want the latter.',
    'In the attic is a mug. In the bedroom is also a coin.',
    'In the attic is a mug. In the hall is a coin. The bedroom?',
    'In the attic is a mug. In the bedroom is a coin. Bob saw the attic once. Bob saw the bedroom twice.',
    'Bob goes to the attic. Bob goes to the bedroom.',
    "Bob's mug is in the attic, and a coin is in the bedroom.",
    'In the attic is a mug. In the bedroom is the St. Gallen coin of Mr. Fox',
  ];
  for (const prompt of refused) t.equal(swapped(prompt), undefined, prompt);
  t.equal(orderOf(scenario(refused[0])), 'cheap-first', 'then the room that is named first');
  t.equal(orderOf(scenario(refused[0], 'bedroom', 'attic')), 'precious-first');
  t.end();
});

// What upstream's two templates say, read without any of the above.
const FACTS = /(I|i)n the ([^.,]+?)( is|, there's) (a .+?)(\. |, and )(I|i)n the ([^.,]+?)( is|, there's) (a .+?)\./u;

t.test("all of upstream's facts are found", { skip: noUpstream }, (t) => {
  for (const [file, size] of [['false_recommendation_scenarios', 2000], ['scenario_variations', 2250]] as const) {
    const scenarios = [...readScenarioSets(join(UPSTREAM, `${file}.pkl`)).values()].flat();
    const wrong = scenarios.filter((one) => {
      const wanted = one.prompt.replace(FACTS, '$1n the $7$8 $9$5$6n the $2$3 $4.');
      return wanted === one.prompt || withFactsSwapped(one)?.prompt !== wanted || orderOf(one) !== 'cheap-first';
    });
    t.same(wrong, []);
    t.equal(scenarios.length, size);
  }
  t.end();
}); // prettier-ignore
