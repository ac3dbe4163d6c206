/** Options that set one number of a library's config each: name, text and bounds are those of its schema. */
import { InvalidArgumentError, type Command } from 'commander';
import type { z } from 'zod';

/** Adds `--steps-per-round <n>` for `stepsPerRound`, and so on. @param defaults what the help tells */
export function addSettings<Name extends string>(
  command: Command,
  settings: Readonly<Record<Name, z.ZodType<number>>>,
  defaults: Readonly<Record<NoInfer<Name>, number>>,
): void {
  for (const [name, schema] of Object.entries<z.ZodType<number>>(settings)) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const text = `${schema.description} (default: ${defaults[name as NoInfer<Name>]})`;
    command.option(`--${flag} <n>`, text, settingOf(schema));
  }
}

/** A parser for an option that is bounded as a setting is. */
export function settingOf(schema: z.ZodType<number>): (text: string) => number {
  return (text) => {
    const parsed = schema.safeParse(text.trim() === '' ? NaN : Number(text));
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(`It ${parsed.error.issues[0].message}.`);
  };
}
