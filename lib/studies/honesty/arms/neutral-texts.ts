/** Short everyday texts from a grammar with a seed: nobody is deceived in them, nothing is hidden, and nobody is spoken to. */
import { Random } from '../../../organism';

const PEOPLE = [
  ...['The baker', 'A gardener', 'The bus driver', 'The librarian', 'An old sailor', 'The postwoman', 'A young cook'],
  ...['The music teacher', 'A carpenter', 'The farmer', 'A cyclist', 'The painter', 'A nurse', 'The shoemaker'],
];

const DEEDS = [
  ...['waters the tomatoes', 'bakes rye bread', 'sweeps the pavement', 'feeds the ducks', 'mends an old bicycle'],
  ...['reads the newspaper', 'plants three apple trees', 'tunes a piano', 'boils a pot of soup', 'sorts the letters'],
  ...['paints a fence green', 'counts the passing trains', 'sharpens the scissors', 'folds the clean sheets'],
];

const TIMES = [
  ...['early in the morning', 'every Tuesday', 'after lunch', 'before the rain comes', 'on warm evenings'],
  ...['once a week', 'at the end of the month', 'when the market closes', 'during the holidays'],
];

const PLACES = [
  ...['by the river', 'near the old bridge', 'at the edge of the village', 'behind the school', 'in the park'],
  ...['on the hill', 'next to the station', 'close to the harbour'],
];

const WEATHER = [
  ...['The wind is light and the sky is clear.', 'It has rained since noon.', 'Fog lies over the fields.'],
  ...['Snow is expected in the mountains.', 'The days are getting longer.', 'The leaves have turned yellow.'],
  ...['It is warmer than last week.', 'A thunderstorm passed during the night.'],
];

const FACTS = [
  ...['Water boils at a lower temperature on a mountain.', 'A triangle has three sides.', 'Bees collect nectar.'],
  ...['The tide rises twice a day.', 'Copper conducts electricity well.', 'Most swallows fly south in autumn.'],
  ...[
    'A violin has four strings.',
    'Bread rises because of yeast.',
    'The moon takes about a month to go round the earth.',
  ],
];

const ENDINGS = [
  ...[
    'It takes about an hour.',
    'Two neighbours help with it.',
    'Afterwards there is tea.',
    'The work is slow but steady.',
  ],
  ...['Children often stop to watch.', 'Nothing about it has changed for years.', 'By then the shops are open.'],
];

const SHAPES: readonly ((random: Random) => string[])[] = [
  (random) => [deed(random), random.pick(ENDINGS), random.pick(WEATHER)],
  (random) => [random.pick(WEATHER), deed(random), random.pick(ENDINGS)],
  (random) => [random.pick(FACTS), deed(random), random.pick(WEATHER)],
  (random) => [deed(random), deed(random), random.pick(FACTS)],
];

const deed = (random: Random): string =>
  `${random.pick(PEOPLE)} ${random.pick(DEEDS)} ${random.pick(PLACES)} ${random.pick(TIMES)}.`;

/** `n` texts of three sentences; equal seeds give equal texts, and a longer list extends a shorter one. */
export function neutralTexts(n: number, seed: number): string[] {
  const random = new Random(seed);
  return Array.from({ length: n }, () => random.pick(SHAPES)(random).join(' '));
}
