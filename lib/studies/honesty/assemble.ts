/** `results.json` from what a study's folder holds: the same bytes whoever did the work, in whatever order. */
import { join } from 'node:path';
import { armResult } from './arm-results';
import { armOfKind, effectOf } from './effect';
import { faultsOf } from './faults';
import { judge } from './judge';
import { readMtBench, type MtBenchRead } from './mt-bench';
import { motivesOfArm } from './motive-results';
import { readOutcomes, type Outcome } from './outcomes';
import { RESULTS_FORMAT, writeStudyResults, type ArmResult, type StudyResults } from './results';
import { readStarted, type Started } from './started';
import { parseStudy, type Study } from './study-file';
import { studyVerdict } from './verdict';

export interface Ended {
  status: 'interrupted' | 'failed';
  reason: string;
}

/**
 * Reads the folder's tasks and writes its results.
 * @param ended how the work came to its end, where tasks are left
 * @param kept see {@link readOutcomes}
 */
export function writeResults(folder: string, ended?: Ended, kept?: Map<string, Outcome>): StudyResults {
  const results = assemble(folder, ended, kept);
  writeStudyResults(join(folder, 'results.json'), results);
  return results;
}

/** The same, not written. @throws InputError for a folder without a study */
export function assemble(folder: string, ended?: Ended, kept?: Map<string, Outcome>): StudyResults {
  const started = readStarted(folder);
  const study = parseStudy(started.study, 'study.json');
  return resultsOf(started, study, readOutcomes(folder, study, kept), { ended, mtBench: readMtBench(folder) });
}

/** Pure: everything in the results but what the folder was begun with comes of the outcomes. */
export function resultsOf(
  started: Started,
  study: Study,
  outcomes: readonly Outcome[],
  { ended, mtBench = null }: { ended?: Ended; mtBench?: MtBenchRead | null } = {},
): StudyResults {
  const { exploratory, inputs, origin, sha256, frozenAt, split } = started;
  const motives = motivesIn(study, outcomes);
  const bare = Object.fromEntries(study.arms.map((arm) => [arm.name, armResult(arm, outcomes, mtBench)]));
  const arms = Object.fromEntries(
    Object.entries(bare).map(([name, arm]): [string, ArmResult] => [
      name,
      { ...arm, faults: faultsOf(name, bare, motives[name]?.split ?? null) },
    ]),
  );
  const isWhole = outcomes.every(({ state }) => state.status !== 'left');
  const { claims, ...config } = study;
  return {
    format: RESULTS_FORMAT,
    study: study.name,
    status: isWhole ? 'done' : (ended?.status ?? 'running'),
    reason: isWhole ? null : (ended?.reason ?? null),
    verdict: studyVerdict(study, arms, exploratory),
    claims: judge(claims, outcomes, { arms, exploratory }),
    effect: effectOf(outcomes, study),
    motives,
    arms,
    plan: { sha256, frozenAt, split, exploratory },
    tasks: outcomes.map(({ task: { id, arm, seed }, state }) => ({
      id,
      arm: arm.name,
      seed,
      status: state.status,
      reason: state.status === 'failed' ? state.reason : null,
    })),
    config,
    inputs,
    origin,
  };
}

function motivesIn(study: Study, outcomes: readonly Outcome[]): StudyResults['motives'] {
  const baseline = armOfKind(study, 'baseline') as string;
  const others = study.arms.filter(({ name }) => name !== baseline);
  return Object.fromEntries(
    others.flatMap(({ name }) => {
      const verdicts = motivesOfArm(outcomes, baseline, name);
      return verdicts ? [[name, verdicts]] : [];
    }),
  );
}
