/** Labels made anew from the stored answers, and the results with them. */
import { existsSync } from 'node:fs';
import { writeResults } from './assemble';
import { differInLabel, readRecords, relabelled, writeRecords } from './records';
import type { StudyResults } from './results';
import { readStarted } from './started';
import { parseStudy } from './study-file';
import { recordsPath, tasksOf } from './tasks';

export interface RelabelledStudy {
  records: number;
  /** Of them, those with another label now. */
  changed: number;
  results: StudyResults;
}

/** @throws InputError for a folder without a study */
export function relabelStudy(folder: string): RelabelledStudy {
  const study = parseStudy(readStarted(folder).study, folder);
  let [all, changed] = [0, 0];
  for (const { id } of tasksOf(study)) {
    const path = recordsPath(folder, id);
    if (!existsSync(path)) continue;
    const { header, records } = readRecords(path);
    const anew = records.map(relabelled);
    const differ = anew.filter((record, i) => differInLabel(record, records[i])).length;
    if (differ > 0) writeRecords(path, { header, records: anew });
    all += records.length;
    changed += differ;
  }
  return { records: all, changed, results: writeResults(folder) };
}
