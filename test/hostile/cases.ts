/** What somebody who means harm could hand over: twelve kinds of files and folders, each with the command that reads it. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../fuzz/edits';

/** Folders that were made well, to be spoilt. */
export interface Good {
  model: string;
  adapter: string;
  /** A fine-tuning that was interrupted, and the command that goes on with it. */
  run: string;
  resume: readonly string[];
  /** Agents of `soo rl train`. */
  agents: string;
  prompts: string;
  pairs: string;
}

/** One case: `make` writes it into a folder of its own, and gives the arguments of `soo`. `out` may change, nothing else. */
export interface Case {
  kind: string;
  what: string;
  make(folder: string, out: string): string[];
}

/** Cases of one kind; a kind has as many as are asked for, by other draws. */
export type Kind = (random: Random, good: Good) => Case;

export const written = (path: string, content: string | Uint8Array): string => {
  writeFileSync(path, content);
  return path;
};

export const json = (path: string, value: unknown): string => written(path, JSON.stringify(value));

/** A copy of a folder to be spoilt. */
export function copyOf(from: string, folder: string, name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy, { recursive: true });
  cpSync(from, copy, { recursive: true });
  return copy;
}

/** Expressions that backtrack for ever, or that are huge. */
export const EXPRESSIONS = [
  '(.+)+!',
  '(?:[a-zA-Z ]+)+!',
  '(a|a)*!',
  '(?:(?:x+x+)+)+y',
  '.*.*.*.*.*.*.*.*.*.*!',
  '(\\w*)*@',
  '(?=(.*))+!',
  'a|'.repeat(100_000),
  '('.repeat(20_000),
  '(?:[a-z]{1,60}){1,60}!',
];
