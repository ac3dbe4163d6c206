import { isDeepStrictEqual } from 'node:util';

/** A setting in which two runs differ, both values as JSON. */
export interface OtherSetting {
  name: string;
  was: string | undefined;
  is: string | undefined;
}

/**
 * The first setting that is another one now, as far as JSON tells; undefined where all are the same. One that is null is
 * the same as one that is not there: so a run of an earlier version, which did not know it, is gone on with.
 * @param free settings that may differ
 */
export function otherSetting(before: object, now: object, free: readonly string[] = []): OtherSetting | undefined {
  const [was, is] = [before, now].map((one) => JSON.parse(JSON.stringify(one)) as Record<string, unknown>);
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const name = names.find(
    (one) => !free.includes(one) && !isDeepStrictEqual(withoutNulls(was[one]), withoutNulls(is[one])),
  );
  return name === undefined ? undefined : { name, was: JSON.stringify(was[name]), is: JSON.stringify(is[name]) };
}

/** Of what came from JSON. */
const withoutNulls = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value), (_, each: unknown) => each ?? undefined);
