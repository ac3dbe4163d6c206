/** A schema that the value itself chooses: unlike a union, it tells what does not fit the one that was meant. */
import { z } from 'zod';

export const chosenSchema = <Schema extends z.ZodType>(choose: (value: unknown) => Schema) =>
  z.unknown().transform((value, context): z.output<Schema> => {
    const parsed = choose(value).safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
    return z.NEVER;
  });

export const hasKey = (value: unknown, key: string): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key);
