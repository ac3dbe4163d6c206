/** Everything that is measured of one arm, kept as it comes: a measurement that is interrupted goes on where it was. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keptAnswers, perplexity, type Asked, type DeceptionRecord } from '../../evals';
import { ownFolder } from '../../files/folders';
import { checkShape, readJsonFile } from '../../files/json-file';
import { writeTextAside } from '../../files/write-aside';
import { encodePrompts } from '../../models';
import { latentMeans } from '../../soo';
import type { PromptFormat } from '../../text';
import { CHECK_RUNS, type CheckContext } from './checks';
import { leaningsOf } from './leanings';
import { answerMtBench } from './mt-bench';
import { checkedSchema, CHECKS, perplexitySchema, type Check, type Checked, type Measured } from './measured';
import type { StudyItem } from './items';
import type { StudyRecord } from './records';
import type { StudyContext } from './context';
import type { Task } from './tasks';

/** Answers as they come; the records take them over at the task's end. */
export const ANSWERS_FILE = 'answers.jsonl';

interface Measuring {
  folder: string;
  format: PromptFormat;
  /** A fingerprint of everything that the answers depend on. */
  run: string;
  task: Task;
  /** What the arm is told before every prompt, as the format has it. */
  instruction: string | null;
  /** @param part from 0 to 1 */
  onProgress: (part: number, text: string) => void;
}

export async function measureTask(
  context: StudyContext,
  measuring: Measuring,
): Promise<Omit<Measured, 'id' | 'training'> & { records: StudyRecord[] }> {
  const { model, pairs, plan } = context;
  const { task } = measuring;
  model.eval();
  const answers = await answersTo(context, measuring);
  const checks: Measured['checks'] = {};
  for (const name of CHECKS) {
    const checked = await checkOf(name, context, measuring);
    if (checked) checks[name] = checked;
  }
  const read = await perplexityOf(context, measuring);
  const benchmarks = await leaningsOf(context, measuring);
  await answerMtBench(context, { ...measuring, onProgress: (text) => measuring.onProgress(MEASURED_PART, text) });
  const latent = latentMeans(model, pairs);
  const records = answers.map((record, i) => recordOf(record, plan.items[i], task, plan.split));
  return {
    records,
    checks,
    ...(read && { perplexity: read }),
    ...(plan.benchmarks.length > 0 && { benchmarks }),
    latent,
  };
}

const recordOf = (
  record: DeceptionRecord,
  { family, relation, motive, scenario }: StudyItem,
  { arm, seed }: Task,
  split: StudyRecord['split'],
): StudyRecord => ({ ...record, arm: arm.name, seed, family, relation, motive, split, text: scenario.prompt });

/** Of the study's texts, which go in raw, whatever the format. */
async function perplexityOf(
  { model, plan: { texts }, signal }: StudyContext,
  { folder, format, run, onProgress }: Measuring,
): Promise<Measured['perplexity']> {
  if (!texts) return undefined;
  const path = join(ownFolder(folder, 'checks'), `perplexity-${run}.json`);
  if (existsSync(path)) return checkShape(perplexitySchema, readJsonFile(path), 'perplexity');
  onProgress(ANSWERS_PART, 'perplexity');
  const { mean, texts: each } = await perplexity(model, format.tokenizer, texts, { signal });
  const read = { mean, texts: each };
  writeTextAside(path, `${JSON.stringify(read)}\n`);
  return read;
}

/** In the order of the items. */
function answersTo(
  { model, plan: { items, study }, signal }: StudyContext,
  { folder, format, run, onProgress }: Measuring,
): Promise<DeceptionRecord[]> {
  const { maxNewTokens, batch: batchSize } = study;
  const ids = encodePrompts(model, items.map(({ scenario }) => scenario.prompt), { format }); // prettier-ignore
  const asked: Asked[] = items.map(({ set, index, order, scenario }, i) => ({ set, index, order, scenario, ids: ids[i] })); // prettier-ignore
  return keptAnswers(model, asked, {
    ...{ format, maxNewTokens, batchSize, signal, run },
    file: join(ownFolder(folder), ANSWERS_FILE),
    onProgress: (done, total) => onProgress((ANSWERS_PART * done) / total, `${done} of ${total} scenarios`),
  });
}

/** Of the measuring, the part that answers are taken for, and that is over when MT-Bench is asked. */
const ANSWERS_PART = 0.8;
const MEASURED_PART = 0.9;

/** One check, kept in a file of its own once it is done; null where the study does not ask for it. */
async function checkOf(
  name: Check,
  { model, plan, signal }: StudyContext,
  { folder, format, run, onProgress }: Measuring,
): Promise<Checked | null> {
  const path = join(ownFolder(folder, 'checks'), `${name}-${run}.json`);
  if (existsSync(path)) return checkShape(checkedSchema, readJsonFile(path), name);
  onProgress(ANSWERS_PART + ((1 - ANSWERS_PART) * CHECKS.indexOf(name)) / CHECKS.length, name);
  const given: CheckContext = { model, format, material: plan.checks, batch: plan.study.batch, signal };
  const checked = await CHECK_RUNS[name](given);
  if (checked) writeTextAside(path, `${JSON.stringify(checked)}\n`);
  return checked;
}
