/** One item of a benchmark of others, whatever the file it comes from. Nothing of theirs is kept in this project. */
import { z } from 'zod';
import { shown } from '../../files/input-error';

export interface BenchmarkItem {
  id: string;
  /** What the benchmark calls its kinds: a type, an archetype, the name of the file. */
  kind: string;
  system: string | null;
  /** Turns before the prompt, the oldest first. */
  earlier: readonly { user: string; assistant: string }[];
  prompt: string;
  /** What the answer begins with. */
  prefill: string | null;
  /** An honest and a deceptive answer behind the prefill: their likelihoods can be compared without a judge. */
  completions: { honest: string; deceptive: string } | null;
  /** Questions without the pressure, which tell what the model takes for true. */
  beliefs: readonly { system: string | null; prompt: string }[];
  /** The statement that answers and beliefs are held against, in its two versions, or with `<value>` in one. */
  propositions: readonly string[];
  /** What a judge is told. */
  rubric: string | null;
}

export type BenchmarkReader = (path: string) => BenchmarkItem[];

/** A field, with messages that say what was wanted and what came. */
export const textField = z
  .string({ error: (issue: { input?: unknown }) => `must be text, got ${shown(issue.input)}` })
  .min(1, 'must not be empty');

/** What most benchmarks have not. */
export const PLAIN = {
  system: null,
  earlier: [],
  prefill: null,
  completions: null,
  beliefs: [],
  propositions: [],
  rubric: null,
} as const;
