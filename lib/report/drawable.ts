/** What `soo report` can draw: how a file that a command has written is known, checked and drawn. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { checkShape, InputError, parseJson, readTextFile } from '../checkpoints';
import { readDeceptionRecords } from '../evals';
import { readCheckedLines } from '../files/json-lines';
import { learningCurves } from '../rl/evaluation/learning-curve';
import { RL_FORMAT, rlResultsSchema } from '../studies/agents/results';
import { demoResultsSchema, FORMAT } from '../studies/demo/results';
import { RESULTS_FORMAT as STUDY_FORMAT, resultsSchema as studySchema } from '../studies/honesty/results';
import { FORMAT as REPETITION_FORMAT, resultsSchema as repetitionSchema } from '../studies/repetition/results';
import { originSchema } from '../training/origin';
import { stepRecordSchema } from '../training/step-record';
import {
  writeDeceptionReport,
  writeDemoReport,
  writeFinetuneReport,
  writeRepetitionReport,
  writeRlReport,
  writeRlRunReport,
  writeStudyReport,
  type ReportFiles,
} from './report';
import { studyMaterial } from './study-material';

export type Draw = (folder: string) => Promise<ReportFiles>;

/** By the format that a results file says it has. `path` is where it lies: what belongs to it may lie beside it. */
const FORMATS: Readonly<Record<string, (json: unknown, name: string, path: string) => Draw>> = {
  [FORMAT]: (json, name) => {
    const results = checkShape(demoResultsSchema, json, name);
    return (folder) => writeDemoReport(results, folder);
  },
  [RL_FORMAT]: (json, name) => {
    const results = checkShape(rlResultsSchema, json, name);
    return (folder) => writeRlReport(results, folder);
  },
  [REPETITION_FORMAT]: (json, name) => {
    const results = checkShape(repetitionSchema, json, name);
    return (folder) => writeRepetitionReport(results, folder);
  },
  [STUDY_FORMAT]: (json, name, path) => {
    const results = checkShape(studySchema, json, name);
    return (folder) => writeStudyReport(results, folder, studyMaterial(dirname(path), results));
  },
};

const DRAWN =
  `results.json of soo demo ("${FORMAT}"), of soo repeat ("${REPETITION_FORMAT}"), of soo study ("${STUDY_FORMAT}") or of soo rl compare, classify or reproduce ("${RL_FORMAT}"), ` +
  'run.json of a run, or the records of soo deception';

/** Every line of `soo deception --out` begins so. */
const RECORD_START = '{"run":"';

/**
 * Reads a results file of any kind, and hands back what draws it.
 * @throws InputError when it is missing, damaged, or of no kind that can be drawn
 */
export function readDrawable(path: string): Draw {
  const name = basename(path);
  const text = readTextFile(path);
  if (text.startsWith(RECORD_START)) {
    const records = readDeceptionRecords(path);
    return (folder) => writeDeceptionReport(records, folder);
  }
  const json = parseResults(text, name);
  const { success, data } = z.object({ format: z.string() }).safeParse(json);
  if (!success) {
    const run = runSchema.safeParse(json);
    if (run.success) return drawRun(dirname(path), run.data);
    throw new InputError(`${name}: has no format, wanted ${DRAWN}`);
  }
  if (!Object.hasOwn(FORMATS, data.format)) {
    throw new InputError(`${name}: format ${JSON.stringify(data.format)} cannot be drawn, wanted ${DRAWN}`);
  }
  return FORMATS[data.format](json, name, path);
}

function parseResults(text: string, name: string): unknown {
  try {
    return parseJson(text, name);
  } catch {
    throw new InputError(`${name}: is not JSON, wanted ${DRAWN}`);
  }
}

const runSchema = z.object({
  status: z.string(),
  reason: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), z.unknown()),
  origin: originSchema,
  result: z.unknown().optional(),
});

/** A run is drawn from the log beside its run.json. */
function drawRun(folder: string, run: z.infer<typeof runSchema>): Draw {
  const log = join(folder, 'steps.jsonl');
  if (!existsSync(log)) {
    const curves = learningCurves([folder]);
    return (out) => writeRlRunReport(run, curves, out);
  }
  const steps = readCheckedLines(log, stepRecordSchema);
  if (steps.length === 0) throw new InputError('steps.jsonl: holds no steps');
  return (out) => writeFinetuneReport(run, steps, out);
}
