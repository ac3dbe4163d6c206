/** What a study's report shows beside its results: sample answers, the collapse monitor's logs, MT-Bench where it was judged. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { mtBench, type Behaviour } from '../evals';
import { readCheckedLines } from '../files/json-lines';
import { checkShape, readJsonFile } from '../files/json-file';
import type { Agreement } from '../statistics';
import { readRecords, samplePaths, type StudyRecord, type StudyResults } from '../studies/honesty';
import { readMtBench } from '../studies/honesty/mt-bench';
import { recordsPath, taskFolder } from '../studies/honesty/tasks';

/** One prompt, and what each arm's first run answers. */
export interface SampleAnswers {
  set: string;
  prompt: string;
  answers: { arm: string; answer: string; behaviour: Behaviour | null }[];
}

/** A measurement of one run: shares of what the hooked module told apart before the first step. */
export interface CollapsePoint {
  arm: string;
  seed: number;
  step: number;
  gap: number;
  /** null where the pairs have no second name. */
  nameGap: number | null;
  variation: number;
}

export interface StudyMaterial {
  samples: SampleAnswers[];
  collapse: CollapsePoint[];
  mtBench: Record<string, mtBench.MtBenchScores> | null;
  /** The study's labels beside those by hand, where a sample was labelled. */
  judge: Agreement | null;
}

/** A study is drawn from its results alone as well: what is not there is left out. */
export const NOTHING: StudyMaterial = { samples: [], collapse: [], mtBench: null, judge: null };

/** @param folder of the study, which need not hold anything but the results */
export function studyMaterial(folder: string, results: StudyResults): StudyMaterial {
  return {
    samples: samplesOf(folder, results),
    collapse: collapseOf(folder, results),
    mtBench: mtBenchOf(folder, results),
    judge: judgeOf(folder),
  };
}

/** The rule by which answers are shown: the first item of each set, in the order its facts have, of each arm's first run. */
function samplesOf(folder: string, { arms, tasks }: StudyResults): SampleAnswers[] {
  const samples = new Map<string, SampleAnswers>();
  for (const arm of Object.keys(arms)) {
    const first = tasks.find((task) => task.arm === arm && task.status === 'done');
    const path = first && recordsPath(folder, first.id);
    if (!path || !existsSync(path)) continue;
    const seen = new Set<string>();
    for (const record of readRecords(path).records) {
      if (seen.has(record.set)) continue;
      seen.add(record.set);
      addAnswer(samples, arm, record);
    }
  }
  return [...samples.values()];
}

function addAnswer(samples: Map<string, SampleAnswers>, arm: string, record: StudyRecord): void {
  const { set, text, lead = '', answer, behaviour = null } = record;
  const sample = samples.get(set) ?? { set, prompt: text, answers: [] };
  sample.answers.push({ arm, answer: lead + answer, behaviour });
  samples.set(set, sample);
}

const share = z.number();
/** As far as the chart reads a line of the monitor's log. */
const monitorSchema = z.object({
  step: z.number(),
  kept: z.object({ gap: share, nameGap: share.nullable(), variation: share }),
});

function collapseOf(folder: string, { tasks }: StudyResults): CollapsePoint[] {
  return tasks.flatMap(({ id, arm, seed }) => {
    const path = join(taskFolder(folder, id), 'monitor.jsonl');
    if (seed === null || !existsSync(path)) return [];
    return readCheckedLines(path, monitorSchema).map(({ step, kept: { gap, nameGap, variation } }) => {
      return { arm, seed, step, gap, nameGap, variation };
    });
  });
}

const judgeSchema = z.object({
  n: z.int(),
  agreement: share,
  kappa: z.number().nullable(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
  labels: z.array(z.string()),
  confusion: z.array(z.array(z.int())),
});

/** What `soo study judge-sample` has found, once its sheet was labelled. */
function judgeOf(folder: string): Agreement | null {
  const { result } = samplePaths(folder);
  return existsSync(result) ? checkShape(judgeSchema, readJsonFile(result), 'agreement.json') : null;
}

/** Scores of what lies judged in the study's folder; a study's runs are told together, by their arm. */
function mtBenchOf(folder: string, { tasks }: StudyResults): StudyMaterial['mtBench'] {
  const read = readMtBench(folder);
  if (!read || read.judgments.length === 0) return null;
  const arm = new Map(tasks.map(({ id, arm }) => [id, arm]));
  const byArm = read.judgments.map((one) => ({ ...one, model: arm.get(one.model) ?? one.model }));
  return mtBench.mtBenchScores(byArm, read.questions);
}
