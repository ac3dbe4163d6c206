/** Records of a deception evaluation that were kept in a file, as `soo deception --out` writes them. */
import { basename } from 'node:path';
import { z } from 'zod';
import { InputError } from '../files/input-error';
import { readCheckedLines } from '../files/json-lines';
import { writeTextAside } from '../files/write-aside';
import {
  deceptionRates,
  recordSchema,
  relabel,
  type DeceptionRates,
  type DeceptionRecord,
  type Scored,
} from './deception';

const lineSchema = recordSchema.extend({ run: z.string() });
type Line = z.infer<typeof lineSchema>;

/**
 * Every record of a file. A last line that was cut off while it was written is left out.
 * @throws InputError for a file without records, one that holds something else, or records of several runs
 */
export const readDeceptionRecords = (path: string): DeceptionRecord[] => readRecordLines(path);

function readRecordLines(path: string): Line[] {
  const name = basename(path);
  const records = readCheckedLines(path, lineSchema);
  if (records.length === 0) throw new InputError(`${name}: holds no records`);
  const other = records.findIndex(({ run }) => run !== records[0].run);
  if (other >= 0)
    throw new InputError(`${name}: line ${other + 1} was made by another model, adapter, chat template or settings`);
  return records;
}

export interface Relabelled {
  /** With their new labels, in the order of the file. */
  records: DeceptionRecord[];
  /** Records of which a label is another one now. */
  changed: number;
}

const LABELS = ['label', 'affirmed', 'upstream', 'behaviour', 'says'] as const;

/**
 * Makes the labels of stored answers anew, by the rules of today. The answers stay as they are.
 * @param options.out writes the records there, which may be the file itself
 * @param options.maxNewTokens the budget of records that do not say what ended them: an answer of as many tokens counts
 * as cut; without it they get no behaviour
 * @throws InputError as {@link readDeceptionRecords}
 */
export function relabelFile(path: string, options: { out?: string; maxNewTokens?: number } = {}): Relabelled {
  const { out, maxNewTokens } = options;
  const lines = readRecordLines(path);
  const records = lines.map((record) => {
    const isCut = maxNewTokens === undefined ? undefined : record.ids.length >= maxNewTokens;
    return relabel({ ...record, ended: record.ended ?? (isCut === undefined ? undefined : isCut ? 'budget' : 'eos') });
  });
  if (out !== undefined) {
    const texts = records.map((record, i) => `${JSON.stringify({ run: lines[i].run, ...record })}\n`);
    writeTextAside(out, texts.join(''));
  }
  const changed = records.filter((record, i) => LABELS.some((name) => record[name] !== lines[i][name])).length;
  return { records, changed };
}

/** Rates of each group of records, in the order in which the groups first come. */
export function deceptionRatesBy<T extends Scored>(
  records: readonly T[],
  group: (record: T) => string,
): Record<string, DeceptionRates> {
  const names = [...new Set(records.map(group))];
  return Object.fromEntries(
    names.map((name) => [name, deceptionRates(records.filter((record) => group(record) === name))]),
  );
}
