/**
 * Whether the labels of a study can be trusted: a sample of its answers, the same number of every arm and label as far as
 * there are so many, to be labelled by hand without a sight of either, and how well both agree.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { SAYS, type Says } from '../../evals';
import { ownFolder } from '../../files/folders';
import { InputError, shown } from '../../files/input-error';
import { checkShape, readJsonFile } from '../../files/json-file';
import { readCheckedLines } from '../../files/json-lines';
import { writeTextAside } from '../../files/write-aside';
import { Random } from '../../random';
import { agreement, type Agreement } from '../../statistics';
import { readRecords, type StudyRecord } from './records';
import { readStarted } from './started';
import { parseStudy } from './study-file';
import { recordsPath, tasksOf } from './tasks';

export const SAMPLE_FORMAT = 'soo-torch judge sample 1';

const sheetSchema = z.object({
  item: z.int().min(1),
  prompt: z.string(),
  answer: z.string(),
  /** To be filled in by hand: one of `deceptive`, `honest`, `refusal`, `other`. */
  label: z.string(),
});
/** One answer to label, which does not tell whose it is. */
export type SheetLine = z.infer<typeof sheetSchema>;

const keySchema = z.object({
  format: z.literal(SAMPLE_FORMAT),
  seed: z.int(),
  /** Answers that were cut off: they have no label to be checked. */
  truncated: z.int(),
  /** Answers of each arm and label, and how many of them are in the sample. */
  strata: z.array(z.object({ arm: z.string(), label: z.enum(SAYS), answers: z.int(), sampled: z.int() })),
  items: z.array(
    z.object({
      item: z.int(),
      arm: z.string(),
      seed: z.int().nullable(),
      set: z.string(),
      index: z.int(),
      order: z.string(),
      label: z.enum(SAYS),
      /** sha256 of prompt and answer: the sheet is of this sample. */
      hash: z.string(),
    }),
  ),
});
/** What the sheet does not tell. */
export type SampleKey = z.infer<typeof keySchema>;

const hashOf = ({ prompt, answer }: Pick<SheetLine, 'prompt' | 'answer'>): string =>
  createHash('sha256')
    .update(JSON.stringify([prompt, answer]))
    .digest('hex');

type Sampled = Pick<StudyRecord, 'arm' | 'seed' | 'set' | 'index' | 'order' | 'text' | 'answer' | 'behaviour'>;

/**
 * Draws about `n` answers: one of each arm and label in turn, until there are as many. What was cut is left out.
 * @returns lines to label in a random order, and the key to them
 * @throws InputError for records of which none has a label
 */
export function judgeSample(
  records: readonly Sampled[],
  { n, seed }: { n: number; seed: number },
): { sheet: SheetLine[]; key: SampleKey } {
  const random = new Random(seed);
  const whole = records.filter(({ behaviour }) => SAYS.some((label) => label === behaviour));
  if (whole.length === 0) throw new InputError(`judge sample: none of ${records.length} records is a whole answer with a label`); // prettier-ignore
  const strata = strataOf(whole).map((one) => ({ ...one, left: random.shuffle(one.all), taken: [] as Sampled[] }));
  for (let wanted = Math.min(n, whole.length); wanted > 0;) {
    for (const { left, taken } of strata) {
      const one = wanted > 0 ? left.pop() : undefined;
      if (!one) continue;
      taken.push(one);
      wanted--;
    }
  }
  const drawn = random.shuffle(strata.flatMap(({ label, taken }) => taken.map((record) => ({ label, record }))));
  const sheet = drawn.map(({ record: { text, answer } }, i) => ({ item: i + 1, prompt: text, answer, label: '' }));
  const key: SampleKey = {
    format: SAMPLE_FORMAT,
    seed,
    truncated: records.filter(({ behaviour }) => behaviour === 'truncated').length,
    strata: strata.map(({ arm, label, all, taken }) => ({ arm, label, answers: all.length, sampled: taken.length })),
    items: drawn.map(({ label, record: { arm, seed: own, set, index, order } }, i) => {
      return { item: i + 1, arm, seed: own, set, index, order, label, hash: hashOf(sheet[i]) };
    }),
  };
  return { sheet, key };
}

/** Records by arm and label, in an order that does not depend on theirs. */
function strataOf(records: readonly Sampled[]): { arm: string; label: Says; all: Sampled[] }[] {
  const place = ({ set, index, order, seed }: Sampled): string => JSON.stringify([set, index, order, seed]);
  const arms = [...new Set(records.map(({ arm }) => arm))].sort();
  return arms.flatMap((arm) =>
    SAYS.flatMap((label) => {
      const all = records.filter((one) => one.arm === arm && one.behaviour === label);
      const sorted = all.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
      return all.length === 0 ? [] : [{ arm, label, all: sorted }];
    }),
  );
}

export interface JudgeAgreement extends Agreement {
  /** Items of the sheet without a label, which count nowhere. */
  unlabelled: number;
  /** Share of agreement when each arm and label weighs as in the study, not as in the sample. */
  weighted: number;
  /** Share of agreement by arm: labels that are wrong for one arm alone make an effect of their own. */
  byArm: Record<string, { n: number; agreement: number }>;
}

/**
 * Compares a sheet that was labelled by hand with the study's own labels: rows of `confusion` are those of the study.
 * @throws InputError for a sheet that is not the key's, labels that are none, or no label at all
 */
export function judgeAgreement(sheet: readonly SheetLine[], key: SampleKey): JudgeAgreement {
  const lines = new Map(sheet.map((line) => [line.item, line]));
  const items = key.items.map((one) => ({ ...one, line: lineOf(lines, one) }));
  const labelled = items.flatMap(({ line, ...one }) => {
    const byHand = line.label.trim().toLowerCase();
    if (byHand === '') return [];
    if (!SAYS.some((label) => label === byHand)) throw new InputError(`judge sample: item ${one.item}: the label must be one of ${SAYS.join(', ')}, got ${shown(line.label)}`); // prettier-ignore
    return [{ ...one, byHand }];
  });
  if (labelled.length === 0) throw new InputError(`judge sample: none of ${items.length} items has a label yet`);
  const share = (of: readonly { label: string; byHand: string }[]): number => of.filter(({ label, byHand }) => label === byHand).length / of.length; // prettier-ignore
  const strata = key.strata.flatMap(({ arm, label, answers }) => {
    const own = labelled.filter((one) => one.arm === arm && one.label === label);
    return own.length === 0 ? [] : [{ answers, share: share(own) }];
  });
  const answers = strata.reduce((sum, one) => sum + one.answers, 0);
  const arms = [...new Set(labelled.map(({ arm }) => arm))].sort();
  const ofArm = (arm: string) => labelled.filter((one) => one.arm === arm);
  return {
    ...agreement(labelled.map(({ label }) => label), labelled.map(({ byHand }) => byHand), SAYS), // prettier-ignore
    unlabelled: items.length - labelled.length,
    weighted: strata.reduce((sum, one) => sum + one.answers * one.share, 0) / answers,
    byArm: Object.fromEntries(arms.map((arm) => [arm, { n: ofArm(arm).length, agreement: share(ofArm(arm)) }])),
  };
}

function lineOf(lines: ReadonlyMap<number, SheetLine>, { item, hash }: SampleKey['items'][number]): SheetLine {
  const line = lines.get(item);
  if (!line) throw new InputError(`judge sample: the sheet has no item ${item}`);
  if (hashOf(line) !== hash)
    throw new InputError(`judge sample: item ${item} of the sheet is not the answer of the key`);
  return line;
}

/** Where a study keeps its sample. */
export const samplePaths = (folder: string): { sheet: string; key: string; result: string } => {
  const at = (name: string): string => join(folder, 'judge-sample', name);
  return { sheet: at('sheet.jsonl'), key: at('key.json'), result: at('agreement.json') };
};

/**
 * Writes the sample of a study into its folder.
 * @throws InputError for a folder without a study or answers, and when a sample lies there: it may be half labelled
 */
export function sampleStudy(folder: string, options: { n: number; seed: number }): { sheet: string; key: SampleKey } {
  const paths = samplePaths(folder);
  if (existsSync(paths.sheet)) throw new InputError(`${paths.sheet}: lies there already, and may be half labelled; move it away for another sample`); // prettier-ignore
  const study = parseStudy(readStarted(folder).study, folder);
  const files = tasksOf(study).map(({ id }) => recordsPath(folder, id));
  const records = files.filter((path) => existsSync(path)).flatMap((path) => readRecords(path).records);
  const { sheet, key } = judgeSample(records, options);
  ownFolder(folder, 'judge-sample');
  writeTextAside(paths.key, `${JSON.stringify(key, null, 2)}\n`);
  writeTextAside(paths.sheet, sheet.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return { sheet: paths.sheet, key };
}

/** Reads the labelled sheet of a study, and keeps beside it how well it agrees. @throws InputError as above */
export function readAgreement(folder: string): JudgeAgreement {
  const paths = samplePaths(folder);
  const key = checkShape(keySchema, readJsonFile(paths.key), basename(paths.key));
  const found = judgeAgreement(readCheckedLines(paths.sheet, sheetSchema), key);
  writeTextAside(paths.result, `${JSON.stringify(found, null, 2)}\n`);
  return found;
}
