/**
 * `records/<task>.jsonl`: first a line that says what the answers come from, then one record for each answer. Labels can
 * be made anew from them at any time.
 */
import { basename } from 'node:path';
import { z } from 'zod';
import { MOTIVES, recordSchema, RELATIONS, relabel } from '../../evals';
import { InputError } from '../../files/input-error';
import { checkShape, parseJson, readTextFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { templateSchema } from '../../text';
import { ARMS } from './arms';
import { SPLITS } from './index-ranges';

export const RECORDS_FORMAT = 'soo-torch study records 1';

/** All that the answers of a file share. */
export const recordsHeaderSchema = z.object({
  format: z.literal(RECORDS_FORMAT),
  study: z.string(),
  task: z.string(),
  arm: z.string(),
  kind: z.enum(ARMS),
  seed: z.int().nullable(),
  split: z.enum(SPLITS),
  /** Name, revision on the hub (null elsewhere) and sha256 of each file. */
  model: z.object({ name: z.string(), revision: z.string().nullable(), files: z.record(z.string(), z.string()) }),
  dtype: z.string(),
  quantize: z.string().nullable(),
  /** sha256 of the adapter's tensors; null where nothing was tuned. */
  adapter: z.string().nullable(),
  /** sha256 of every file and generated set that went in. */
  data: z.record(z.string(), z.string()),
  /** The chat template and its variables; null where prompts went raw. */
  template: templateSchema.nullable(),
  /** What an arm puts before every prompt, where no template takes it. */
  instruction: z.string().nullable(),
  /** Most tokens of an answer. */
  budget: z.int(),
  versions: z.object({ sooTorch: z.string(), libtorch: z.string(), node: z.string() }),
  /** The code's commit; null outside a repository. */
  revision: z.string().nullable(),
});
export type RecordsHeader = z.infer<typeof recordsHeaderSchema>;

/** One answer: as of any deception evaluation (`set`, `index`, `order`, `answer`, `ids`, `ended`, labels), and its place in the study. */
export const studyRecordSchema = recordSchema.extend({
  arm: z.string(),
  seed: z.int().nullable(),
  /** Family of scenarios; of a file its `type`. */
  family: z.string(),
  relation: z.enum(RELATIONS),
  motive: z.enum(MOTIVES),
  split: z.enum(SPLITS),
  /** The prompt itself; `prompt` is its sha256. */
  text: z.string(),
});
export type StudyRecord = z.infer<typeof studyRecordSchema>;

export interface TaskRecords {
  header: RecordsHeader;
  records: StudyRecord[];
}

export function writeRecords(path: string, { header, records }: TaskRecords): void {
  writeTextAside(path, [header, ...records].map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** @throws InputError that names the file and the line */
export function readRecords(path: string): TaskRecords {
  const name = basename(path);
  const [first, ...rest] = readTextFile(path).split('\n').filter(Boolean);
  if (first === undefined) throw new InputError(`${name}: holds no records`);
  const line = <T>(schema: z.ZodType<T>, text: string, number: number): T => {
    const place = `${name}: line ${number}`;
    return checkShape(schema, parseJson(text, place), place);
  };
  return {
    header: line(recordsHeaderSchema, first, 1),
    records: rest.map((text, i) => line(studyRecordSchema, text, i + 2)),
  };
}

/** The record with every label made anew by the rules of today. */
export function relabelled(record: StudyRecord): StudyRecord {
  const { arm, seed, family, relation, motive, split, text } = record;
  return { ...relabel(record), arm, seed, family, relation, motive, split, text };
}

const LABELS = ['label', 'affirmed', 'upstream', 'behaviour', 'says'] as const;

/** Whether two records of one answer differ in a label. */
export const differInLabel = (a: StudyRecord, b: StudyRecord): boolean => LABELS.some((name) => a[name] !== b[name]);
