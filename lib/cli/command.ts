import type { Command } from 'commander';
import { z } from 'zod';
// Straight from its file: the folder's index loads the addon, and the frame must work without it.
import { InputError } from '../files/input-error';
import type { Signal } from './interrupts';

/** What a subcommand hands back: the frame prints `json` under `--json` and `text` otherwise. */
export interface Result {
  json: object;
  text: string;
  /** True when the work was done and its outcome is bad (exit code 1), as `doctor` with problems. */
  failed?: boolean;
  /** True on a rank that is not the first of several: another one prints. */
  quiet?: boolean;
  /** The signal that ended the work early, when this is what there was by then. */
  interrupted?: Signal;
}

/** Options as the frame hands them over: camelCase, `json` among them; checked with {@link checked}. */
export type Given = Readonly<Record<string, unknown>>;

/** A file of `lib/cli`, one per subcommand, exports these two as `define` and `run`. */
export interface Subcommand {
  /** Adds the arguments and options; the frame adds `--json`, `--threads` and `--help`. */
  define(command: Command): void;
  /** Does the work. */
  run(args: readonly string[], options: Given): Promise<Result> | Result;
  /** True when the command has to work without the addon. */
  worksWithoutAddon?: boolean;
  /** libtorch's threads when --threads is not given; all cores by default. */
  defaultThreads?: number;
}

/** A subcommand, loaded only when it is called. */
export interface Entry {
  name: string;
  summary: string;
  load(): Subcommand;
}

/** Commands that share a first word: `soo rl train`. */
export interface Group {
  name: string;
  summary: string;
  loadGroup(): { commands: readonly Entry[] };
}

export { InputError };

/** Parses options or a file's content, and turns what does not fit into one InputError line that names the place. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, where = ''): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [where, issue?.path.join('.')].filter(Boolean).join(': ');
  throw new InputError(`${place ? `${place}: ` : ''}${issue?.message ?? 'not what was expected'}`);
}
