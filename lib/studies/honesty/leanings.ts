/**
 * Which way a model leans on benchmarks of others: which of the two answers that an item comes with is the likelier. None
 * of them is the model's own: such a set has a rate of its own, and counts in no other.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { benchmarkFormats, compareCompletions } from '../../evals';
import { ownFolder } from '../../files/folders';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import type { StudyContext } from './context';
import { leaningSchema, type Leaning } from './measured';

interface Measuring {
  folder: string;
  /** A fingerprint of everything that the numbers depend on. */
  run: string;
  /** What the arm is told before every prompt. */
  instruction: string | null;
}

/** By set; each is kept in a file of its own once it is done. */
export async function leaningsOf(
  { model, format, plan, signal }: StudyContext,
  { folder, run, instruction }: Measuring,
): Promise<Record<string, Leaning>> {
  const leanings: Record<string, Leaning> = {};
  for (const { name, items } of plan.benchmarks) {
    const path = join(ownFolder(folder, 'checks'), `benchmark-${name}-${run}.json`);
    if (existsSync(path)) {
      leanings[name] = checkShape(leaningSchema, readJsonFile(path), name);
      continue;
    }
    const formats = benchmarkFormats(format.tokenizer, plan.study.chat, instruction);
    const compared = await compareCompletions(model, items, formats, signal);
    leanings[name] = { items: compared.map(({ id, kind, margin }) => ({ id, kind, margin })) };
    writeTextAside(path, `${JSON.stringify(leanings[name])}\n`);
  }
  return leanings;
}
