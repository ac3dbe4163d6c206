/** Records of a deception evaluation that were kept in a file, as `soo deception --out` writes them. */
import { basename } from 'node:path';
import { z } from 'zod';
import { InputError } from '../files/input-error';
import { readCheckedLines } from '../files/json-lines';
import { deceptionRates, recordSchema, type DeceptionRates, type DeceptionRecord, type Scored } from './deception';

const lineSchema = recordSchema.extend({ run: z.string() });

/**
 * Every record of a file. A last line that was cut off while it was written is left out.
 * @throws InputError for a file without records, one that holds something else, or records of several runs
 */
export function readDeceptionRecords(path: string): DeceptionRecord[] {
  const name = basename(path);
  const records = readCheckedLines(path, lineSchema);
  if (records.length === 0) throw new InputError(`${name}: holds no records`);
  const other = records.findIndex(({ run }) => run !== records[0].run);
  if (other >= 0)
    throw new InputError(`${name}: line ${other + 1} was made by another model, adapter, chat template or settings`);
  return records;
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
