import { isDeepStrictEqual } from 'node:util';

/** A setting in which two runs differ, both values as JSON. */
export interface OtherSetting {
  name: string;
  was: string | undefined;
  is: string | undefined;
}

/**
 * The first setting that is another one now, as far as JSON tells; undefined where all are the same.
 * @param free settings that may differ
 */
export function otherSetting(before: object, now: object, free: readonly string[] = []): OtherSetting | undefined {
  const [was, is] = [before, now].map((one) => JSON.parse(JSON.stringify(one)) as Record<string, unknown>);
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const name = names.find((one) => !free.includes(one) && !isDeepStrictEqual(was[one], is[one]));
  return name === undefined ? undefined : { name, was: JSON.stringify(was[name]), is: JSON.stringify(is[name]) };
}
