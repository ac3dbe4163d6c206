import { InvalidArgumentError } from 'commander';

interface Range {
  min?: number;
  max?: number;
  /** Like `min`, but not the bound itself. */
  above?: number;
}

function inRange(value: number, { min = -Infinity, max = Infinity, above = -Infinity }: Range): number {
  if (value <= above) throw new InvalidArgumentError(`It must be above ${above}.`);
  if (value < min) throw new InvalidArgumentError(`It must be at least ${min}.`);
  if (value > max) throw new InvalidArgumentError(`It must be at most ${max}.`);
  return value;
}

/** A parser for options that take a whole number: `option('--steps <n>', 'steps to take', integer({ min: 1 }))`. */
export function integer(range: Range = {}): (text: string) => number {
  return (text) => {
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
      throw new InvalidArgumentError('It must be a whole number.');
    }
    return inRange(Number(text), range);
  };
}

/** A parser for options that take any finite number. */
export function decimal(range: Range = {}): (text: string) => number {
  return (text) => {
    if (text.trim() === '' || !Number.isFinite(Number(text))) throw new InvalidArgumentError('It must be a number.');
    return inRange(Number(text), range);
  };
}

/** A parser for different whole numbers, with commas or as a variadic option: `--seeds 1,2,3`, `--seeds 1 2 3`. */
export function integers(range: Range = {}): (text: string, before?: number[]) => number[] {
  return (text, before = []) => {
    const numbers = [...before, ...text.split(',').map((one) => integer(range)(one.trim()))];
    if (new Set(numbers).size < numbers.length) throw new InvalidArgumentError('No two of them may be the same.');
    return numbers;
  };
}

const UNITS: Readonly<Record<string, number>> = { gb: 1e9, gib: 2 ** 30, mb: 1e6, mib: 2 ** 20 };

/** Parses an option that takes sizes of memories: `24GB,24GB`, `80GiB`; in bytes. */
export function byteSizes(text: string): number[] {
  return text.split(',').map((size) => {
    const found = /^(\d+(?:\.\d+)?)\s*(GB|GiB|MB|MiB)$/i.exec(size.trim());
    if (!found) throw new InvalidArgumentError('It must be sizes such as 48GB or 24GB,24GB or 80GiB.');
    return Number(found[1]) * UNITS[found[2].toLowerCase()];
  });
}
