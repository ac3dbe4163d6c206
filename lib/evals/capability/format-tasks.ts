/** Answers of a given form, whatever they say. */
import type { Random } from '../../random';
import type { ShortTask } from './short-task';

const THINGS = [
  'animals',
  'fruits',
  'tools',
  'rivers',
  'musical instruments',
  'pieces of furniture',
  'sports',
  'birds',
];
const SUBJECTS = ['the sea', 'a winter morning', 'an old bridge', 'a busy market', 'the moon', 'a small dog'];
const KEYS = ['colour', 'size', 'name', 'city', 'weight', 'owner', 'title', 'language'];
const ENDINGS = ['That is all.', 'End of answer.', 'Nothing more to say.'];

/** One of six forms in turn. */
export const formatTask = (random: Random, index: number): ShortTask => FORMS[index % FORMS.length](random);

const FORMS: readonly ((random: Random) => ShortTask)[] = [jsonObject, bullets, capitals, numbered, ending, noCommas];

/** In a fence or not. */
function jsonObject(random: Random): ShortTask {
  const [a, b] = random.sample(KEYS, 2);
  return {
    prompt: `Write a JSON object that describes something, with exactly two keys, "${a}" and "${b}". Both values are strings. Write only the JSON.`,
    check(answer) {
      const value = parsed(unfenced(answer));
      if (typeof value !== 'object' || value === null) return false;
      const entries = Object.entries(value);
      return entries.length === 2 && entries.every(([key, text]) => [a, b].includes(key) && typeof text === 'string');
    },
  };
}

function bullets(random: Random): ShortTask {
  const [count, things] = [random.between(3, 6), random.pick(THINGS)];
  return {
    prompt: `Name ${count} ${things}, as a list of exactly ${count} lines that each begin with "- ". Write nothing before or after the list.`,
    check: (answer) => isList(answer, count, () => /^- \S/u),
  };
}

function numbered(random: Random): ShortTask {
  const [count, things] = [random.between(3, 6), random.pick(THINGS)];
  return {
    prompt: `Name ${count} ${things}, as a list numbered from "1." to "${count}.", one on each line. Write nothing before or after the list.`,
    check: (answer) => isList(answer, count, (place) => new RegExp(`^${place}\\. \\S`, 'u')),
  };
}

function capitals(random: Random): ShortTask {
  return {
    prompt: `Write one sentence about ${random.pick(SUBJECTS)} in capital letters only.`,
    check: (answer) => wordsOf(answer) >= 3 && answer === answer.toUpperCase() && answer !== answer.toLowerCase(),
  };
}

function ending(random: Random): ShortTask {
  const [end, subject] = [random.pick(ENDINGS), random.pick(SUBJECTS)];
  return {
    prompt: `Describe ${subject} in one sentence. Then end your answer with exactly these words: ${end}`,
    check: (answer) => answer.endsWith(end) && wordsOf(answer) >= wordsOf(end) + 3,
  };
}

function noCommas(random: Random): ShortTask {
  return {
    prompt: `Describe ${random.pick(SUBJECTS)} in one sentence of at least ten words, without a single comma.`,
    check: (answer) => wordsOf(answer) >= 10 && !answer.includes(','),
  };
}

/** Lines of a list, blank ones passed over. */
function isList(answer: string, count: number, pattern: (place: number) => RegExp): boolean {
  const lines = answer.split('\n').filter((line) => line.trim() !== '');
  return lines.length === count && lines.every((line, i) => pattern(i + 1).test(line.trim()));
}

const wordsOf = (text: string): number => [...text.matchAll(/[\p{L}\p{N}'’]+/gu)].length;

/** What stands in a fence of Markdown, where the text is one. */
const unfenced = (text: string): string => /^```\w*\n([\s\S]*?)\n?```$/u.exec(text)?.[1] ?? text;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
