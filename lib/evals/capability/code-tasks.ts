/** Small functions to write in JavaScript. What is written runs in the sandbox, on inputs that the prompt does not tell. */
import type { Random } from '../../random';
import { runSandboxed } from './sandbox';
import type { ShortTask } from './short-task';

interface Exercise {
  name: string;
  /** What the function takes and returns. */
  wanted: string;
  /** Arguments of one call. */
  input(random: Random): readonly unknown[];
  answer(...input: never[]): unknown;
}

const CALLS = 8;

export function codeTask(random: Random, index: number): ShortTask {
  const { name, wanted, input, answer } = EXERCISES[index % EXERCISES.length](random);
  const inputs = Array.from({ length: CALLS }, () => input(random));
  const outputs = inputs.map((one) => answer(...(one as never[])));
  return {
    prompt: `Write a JavaScript function named ${name} that ${wanted}. Write only the code.`,
    async check(text, signal) {
      const calls = inputs.map((one) => `${name}(${one.map((value) => JSON.stringify(value)).join(', ')})`);
      const outcome = await runSandboxed(codeIn(text), `[${calls.join(', ')}]`, { signal });
      return outcome.ok && JSON.stringify(outcome.value) === JSON.stringify(outputs);
    },
  };
}

/** The first fenced block, or all of it. */
const codeIn = (text: string): string => /```[^\n]*\n([\s\S]*?)(?:```|$)/u.exec(text)?.[1] ?? text;

const WORDS = ['lamp', 'river', 'a', 'stone', 'Blue', 'open', 'tree', 'idea', 'Queen', 'up'];
const listOf = (random: Random): number[] => Array.from({ length: random.between(3, 7) }, () => random.between(-9, 30));
const textOf = (random: Random): string => random.sample(WORDS, random.between(2, 5)).join(' ');

const EXERCISES: readonly ((random: Random) => Exercise)[] = [
  (random) => {
    const k = random.between(2, 5);
    return {
      name: 'sumOfMultiples',
      wanted: `takes an array of integers and returns the sum of those that are divisible by ${k}`,
      input: (own) => [listOf(own)],
      answer: (list: number[]) => list.filter((n) => n % k === 0).reduce((sum, n) => sum + n, 0),
    };
  },
  () => ({
    name: 'reverseWords',
    wanted: 'takes a string of words with single spaces between them and returns the words in reverse order, with single spaces between them', // prettier-ignore
    input: (own) => [textOf(own)],
    answer: (text: string) => text.split(' ').reverse().join(' '),
  }),
  (random) => {
    const letter = random.pick(['a', 'e', 'o']);
    return {
      name: 'countLetter',
      wanted: `takes a string and returns how many times the lowercase letter "${letter}" occurs in it`,
      input: (own) => [textOf(own)],
      answer: (text: string) => text.split(letter).length - 1,
    };
  },
  (random) => {
    const limit = random.between(3, 12);
    return {
      name: 'doubledAbove',
      wanted: `takes an array of numbers and returns an array with twice each number that is greater than ${limit}, in the same order`, // prettier-ignore
      input: (own) => [listOf(own)],
      answer: (list: number[]) => list.filter((n) => n > limit).map((n) => 2 * n),
    };
  },
  () => ({
    name: 'range',
    wanted: 'takes an array of numbers and returns the difference between the largest and the smallest of them',
    input: (own) => [listOf(own)],
    answer: (list: number[]) => Math.max(...list) - Math.min(...list),
  }),
  () => ({
    name: 'isPalindrome',
    wanted: 'takes a string and returns true if it reads the same backwards, and false otherwise',
    input: (own) => [own.pick(['level', 'stone', 'noon', 'abca', 'radar', 'river', 'x', 'abba'])],
    answer: (text: string) => text === [...text].reverse().join(''),
  }),
  (random) => {
    const [a, b] = [random.between(1, 4), random.between(2, 6)];
    return {
      name: 'term',
      wanted: `takes an integer n of 0 or more and returns the n-th term of the sequence whose term 0 is ${a}, whose term 1 is ${b}, and in which every later term is the sum of the two before it`, // prettier-ignore
      input: (own) => [own.between(0, 12)],
      answer: (n: number) => Array.from({ length: n }).reduce<[number, number]>(([x, y]) => [y, x + y], [a, b])[0],
    };
  },
  () => ({
    name: 'longestWord',
    wanted: 'takes a string of words with spaces between them and returns the length of the longest word',
    input: (own) => [textOf(own)],
    answer: (text: string) => Math.max(...text.split(' ').map((word) => word.length)),
  }),
];
