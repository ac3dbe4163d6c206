/** Two studies beside each other: the settings in which they differ, and what their arms do on the items that both asked. */
import { isDeepStrictEqual } from 'node:util';
import { assemble } from './assemble';
import { changeOf, compare } from './comparison';
import { readOutcomes, type Outcome } from './outcomes';
import type { Change, StudyResults } from './results';
import { readStarted } from './started';
import { parseStudy } from './study-file';

/** A setting by its place in the study file, such as `tuning.finetune.lr`. */
export interface SettingDifference {
  name: string;
  a: unknown;
  b: unknown;
}

export interface ArmDifference {
  /** B less A, paired where the items are the same; null where none is. */
  deceptive: Change | null;
  honest: Change | null;
}

export interface StudyDifference {
  settings: SettingDifference[];
  /** Of arms that both have. */
  arms: Record<string, ArmDifference>;
  /** Arms that only one has. */
  only: { a: string[]; b: string[] };
  claims: { id: string; a: string | null; b: string | null }[];
}

/** @throws InputError for a folder without a study */
export function diffStudies(a: string, b: string): StudyDifference {
  const [first, second] = [a, b].map((folder) => ({ results: assemble(folder), outcomes: outcomesIn(folder) }));
  const arms = (results: StudyResults): string[] => Object.keys(results.arms);
  const both = arms(first.results).filter((name) => arms(second.results).includes(name));
  const pooled = [...named('a', first.outcomes), ...named('b', second.outcomes)];
  const change = (name: string, measure: 'deceptive' | 'honest'): Change | null =>
    changeOf(compare(pooled, [`a ${name}`, `b ${name}`], { measure }));
  return {
    settings: settingsThatDiffer(settingsOf(first.results), settingsOf(second.results)),
    arms: Object.fromEntries(both.map((name) => [name, { deceptive: change(name, 'deceptive'), honest: change(name, 'honest') }])), // prettier-ignore
    only: {
      a: arms(first.results).filter((name) => !both.includes(name)),
      b: arms(second.results).filter((name) => !both.includes(name)),
    },
    claims: claimsOf(first.results, second.results),
  };
}

const outcomesIn = (folder: string): Outcome[] => readOutcomes(folder, parseStudy(readStarted(folder).study, folder));

/** The same outcomes with the study before the arm's name, so that arms of one name can be told apart. */
const named = (study: string, outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.map((one) => ({
    ...one,
    task: { ...one.task, arm: { ...one.task.arm, name: `${study} ${one.task.arm.name}` } },
  }));

const settingsOf = ({ config, inputs, plan: { split } }: StudyResults): Record<string, unknown> => ({ ...config, split, inputs }); // prettier-ignore

/** Leaves of two objects that are not the same, in the order of the first. */
function settingsThatDiffer(a: unknown, b: unknown, name = ''): SettingDifference[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isPlain(a) || !isPlain(b)) return [{ name, a: a ?? null, b: b ?? null }];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    settingsThatDiffer(a[key], b[key], name === '' ? key : `${name}.${key}`),
  );
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function claimsOf(a: StudyResults, b: StudyResults): StudyDifference['claims'] {
  const verdict = ({ claims }: StudyResults, id: string): string | null =>
    claims.find((claim) => claim.id === id)?.verdict ?? null;
  const ids = new Set([...a.claims, ...b.claims].map(({ id }) => id));
  return [...ids].map((id) => ({ id, a: verdict(a, id), b: verdict(b, id) }));
}
