/** What a study hands to other tools: logs of inspect_ai, tables, all records in one file, and its methods in words. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ownFolder } from '../../../files/folders';
import { checkShape, readJsonFile } from '../../../files/json-file';
import { writeAside, writeTextAside } from '../../../files/write-aside';
import { RUN } from '../../../training/run-folder';
import { isTuned } from '../arms';
import { readRecords, type TaskRecords } from '../records';
import { readStudyResults, type StudyResults } from '../results';
import { readStarted } from '../started';
import { recordsPath, taskFolder } from '../tasks';
import { evalFile, jsonLog, logName } from './eval-file';
import { inspectLog } from './inspect-log';
import { methodsText } from './methods';
import { tablesOf } from './tables';

export { evalFile, jsonLog, logName } from './eval-file';
export { inspectLog, SCORERS, type InspectLog, type InspectSample, type Scorer } from './inspect-log';
export { methodsText } from './methods';
export { csv, TABLES, tablesOf, type Table } from './tables';

export const LOG_KINDS = ['eval', 'json'] as const;
export type LogKind = (typeof LOG_KINDS)[number];

export interface Exported {
  /** One for each task that is done. */
  logs: string[];
  tables: string[];
  /** Every answer of the study, one to a line, each with its task. */
  records: string;
  methods: string;
}

/**
 * Writes `logs/*.eval`, `tables/*.csv`, `records.jsonl` and `methods.md` into a study's folder, from what it holds.
 * @param logs what the logs are to be: `eval` is what `inspect view` opens fastest, `json` what any tool reads
 * @throws InputError for a folder without results
 */
export function exportStudy(folder: string, { logs = 'eval' }: { logs?: LogKind } = {}): Exported {
  const results = readStudyResults(join(folder, 'results.json'));
  const started = readStarted(folder);
  const done = results.tasks.filter(({ status }) => status === 'done');
  const made: Exported = {
    logs: [],
    tables: [],
    records: join(folder, 'records.jsonl'),
    methods: join(folder, 'methods.md'),
  };
  writeAside(made.records, (append) => {
    for (const { id } of done) {
      const task = readRecords(recordsPath(folder, id));
      append(Buffer.from(linesOf(task), 'utf8'));
      const log = inspectLog(task, started);
      const path = join(ownFolder(folder, 'logs'), `${logName(log)}.${logs}`);
      if (logs === 'eval') writeAside(path, (append) => append(evalFile(log)));
      else writeTextAside(path, jsonLog(log));
      made.logs.push(path);
    }
  });
  for (const [name, text] of Object.entries(tablesOf(results))) {
    const path = join(ownFolder(folder, 'tables'), `${name}.csv`);
    writeTextAside(path, text);
    made.tables.push(path);
  }
  writeTextAside(made.methods, `${methodsText({ started, results, settings: settingsOf(folder, results) })}\n`);
  return made;
}

/** What lies in `records/` of each task, with the task's own name in every line. */
const linesOf = ({ header: { task, adapter }, records }: TaskRecords): string =>
  records.map((record) => `${JSON.stringify({ task, adapter, ...record })}\n`).join('');

const runSchema = z.object({ config: z.record(z.string(), z.unknown()) });

/** Of the first run of each tuned arm; its others differ in the seed. */
function settingsOf(folder: string, { arms, tasks }: StudyResults): Record<string, unknown> {
  const tuned = Object.entries(arms).filter(([, { kind }]) => isTuned(kind));
  return Object.fromEntries(
    tuned.flatMap(([arm]) => {
      const task = tasks.find((one) => one.arm === arm && one.status === 'done');
      const run = task && taskFolder(folder, task.id);
      if (!run || !existsSync(join(run, RUN))) return [];
      const { seed: _, ...config } = checkShape(runSchema, readJsonFile(join(run, RUN)), `${task.id}/${RUN}`).config;
      return [[arm, config]];
    }),
  );
}
