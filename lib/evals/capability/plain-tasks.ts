/** Sums, copies and orders: what a model does that can follow a line of text. */
import type { Random } from '../../random';
import type { ShortTask } from './short-task';

/** The last number of the answer counts: `47 + 85 = 132`. */
export function arithmeticTask(random: Random, index: number): ShortTask {
  const [text, value] = SUMS[index % SUMS.length](random);
  return {
    prompt: `What is ${text}? Answer with the number only.`,
    check: (answer) => numbersOf(answer).at(-1) === value,
  };
}

/** From what the smallest models know to what takes a step between. */
const SUMS: readonly ((random: Random) => [text: string, value: number])[] = [
  (random) => {
    const [a, b] = [random.between(1, 9), random.between(1, 9)];
    return [`${a} + ${b}`, a + b];
  },
  (random) => {
    const [a, b] = [random.between(11, 99), random.between(11, 99)];
    return [`${a} + ${b}`, a + b];
  },
  (random) => {
    const [a, b] = [random.between(2, 9), random.between(2, 10)];
    return [`${a} * ${b}`, a * b];
  },
  (random) => {
    const [a, b] = [random.between(50, 99), random.between(11, 49)];
    return [`${a} - ${b}`, a - b];
  },
  (random) => {
    const [a, b, c] = [random.between(20, 60), random.between(11, 40), random.between(3, 15)];
    return [`${a} + ${b} - ${c}`, a + b - c];
  },
];

/** Numbers of a text; commas between thousands are passed over, and a dash behind a digit or a space before one is minus. */
function numbersOf(text: string): number[] {
  const found = text.matchAll(/(?<![\p{L}\d.])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?/gu);
  return [...found].map(([one]) => Number(one.replaceAll(',', '').replace('−', '-')));
}

const WORDS =
  'anchor basket candle dolphin engine feather garden hammer island jacket kettle ladder marble needle orange pepper ' +
  'quilt ribbon saddle timber umbrella velvet window yellow zipper bottle carpet dragon elbow forest';
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** The text and nothing else; quotes or backticks around it are passed over. */
export function copyingTask(random: Random, index: number): ShortTask {
  const text = [words, code, sentence][index % 3](random);
  return {
    prompt: `Repeat the following text exactly, and write nothing else:\n\n${text}`,
    check: (answer) => [answer, answer.replace(/^(["'`]{1,3})([\s\S]*)\1$/u, '$2').trim()].includes(text),
  };
}

const words = (random: Random): string => random.sample(WORDS.split(' '), 6).join(' ');
const code = (random: Random): string => {
  const group = (): string => Array.from({ length: 4 }, () => random.pick([...LETTERS])).join('');
  return [group(), group(), group()].join('-');
};
const sentence = (random: Random): string => {
  const [a, b, c] = random.sample(WORDS.split(' '), 3);
  return `On ${random.pick(['Monday', 'Tuesday', 'Friday'])}, ${random.between(2, 40)} of the ${a}s (but no ${b}!) were left near the ${c}.`;
};

/** The last mentions of all items count, so that a list may be said again before it is sorted. */
export function sortingTask(random: Random, index: number): ShortTask {
  const isNumbers = index % 2 === 0;
  const count = random.between(3, 5);
  const items = isNumbers
    ? random.sample(Array.from({ length: 98 }, (_, i) => String(i + 2)), count) // prettier-ignore
    : random.sample(WORDS.split(' '), count);
  const sorted = items.toSorted(isNumbers ? (a, b) => Number(a) - Number(b) : undefined);
  const how = isNumbers ? 'these numbers from the smallest to the largest' : 'these words in alphabetical order';
  return {
    prompt: `Sort ${how}: ${items.join(', ')}. Write only the sorted list, separated by commas.`,
    check(answer) {
      const named = [...answer.toLowerCase().matchAll(/[\p{L}\d]+/gu)].map(([one]) => one);
      const mentions = named.filter((one) => items.includes(one));
      return mentions.slice(-count).join() === sorted.join();
    },
  };
}
