/** One task: claimed, tuned where its arm is, measured, and kept in a folder of its own. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockIfFree, ownFolder } from '../../files/folders';
import { writeTextAside } from '../../files/write-aside';
import { loadLora } from '../../peft';
import { encodePairs, finetune } from '../../soo';
import { instructedPrompts, type PromptFormat } from '../../text';
import { hashFile, hashJson, NonFiniteError, type StepRecord } from '../../training';
import { encodeArm, type Arm } from './arms';
import type { StudyContext } from './context';
import { ANSWERS_FILE, measureTask } from './measure';
import type { Measured } from './measured';
import { armOfTask, fingerprintOf } from './plan';
import { RECORDS_FORMAT, writeRecords, type RecordsHeader } from './records';
import { FAILED, MEASURED, RECORDS, recordsPath, stateOf, TASKS, type Task } from './tasks';

/** A claim that another machine has not refreshed for so long is a dead one's: a batch of a large model takes minutes. */
const CLAIM_STALE_MS = 600_000;

/**
 * Claims a task and does it. What its folder holds is gone on with; a task that is at its end is left alone.
 * A run that meets NaN is told as failed, and the study goes on.
 */
export async function takeTask(context: StudyContext, task: Task): Promise<void> {
  const { plan, tell } = context;
  const { id } = task;
  const folder = ownFolder(plan.folder, TASKS, id);
  using claim = lockIfFree(join(folder, 'claim'), { staleMs: CLAIM_STALE_MS });
  if (!claim) return tell({ type: 'ended', id, as: 'taken' });
  const { status } = stateOf(plan.folder, id);
  if (status !== 'left') return tell({ type: 'ended', id, as: status });
  try {
    await doTask(context, task, folder);
    tell({ type: 'ended', id, as: 'done' });
  } catch (thrown) {
    if (!(thrown instanceof NonFiniteError)) throw thrown;
    writeTextAside(join(folder, FAILED), `${JSON.stringify({ reason: thrown.message })}\n`);
    tell({ type: 'ended', id, as: 'failed' });
  }
}

/** Of the work on one task, the part that tuning is taken for. */
const TUNING_PART = 0.6;

async function doTask(context: StudyContext, task: Task, folder: string): Promise<void> {
  const { plan, model, tell } = context;
  const arm = armOfTask(plan, task);
  const format = formatOf(context, arm);
  const training = arm.tuning === null ? null : await tune(context, task, arm, folder);
  const adapterFile = join(folder, 'adapter_model.safetensors');
  const adapter = training === null ? undefined : loadLora(model, folder);
  const begun = training === null ? 0 : TUNING_PART;
  const onProgress = (part: number, text: string): void =>
    tell({ type: 'note', id: task.id, part: begun + (1 - begun) * part, text });
  try {
    const run = fingerprintOf(plan, task);
    const { records, ...measured } = await measureTask(context, { folder, format, run, task, instruction: arm.instruction, onProgress }); // prettier-ignore
    const whole: Measured = { id: task.id, training, ...measured };
    const header = headerOf(context, task, { arm, format, adapter: training && hashFile(adapterFile) });
    ownFolder(plan.folder, RECORDS);
    writeRecords(recordsPath(plan.folder, task.id), { header, records });
    // The last of all: from here on the task is at its end.
    writeTextAside(join(folder, MEASURED), `${JSON.stringify(whole)}\n`);
    rmSync(join(folder, ANSWERS_FILE), { force: true });
  } finally {
    adapter?.dispose();
  }
}

function formatOf({ plan, format }: StudyContext, { instruction }: Arm): PromptFormat {
  return instruction === null ? format : instructedPrompts(format.tokenizer, plan.study.chat, instruction);
}

async function tune(
  { plan, model, format, signal, tell }: StudyContext,
  { id, arm }: Task,
  { tuning }: Arm,
  folder: string,
): Promise<NonNullable<Measured['training']>> {
  if (!tuning) throw new Error(`${id}: the arm ${arm.kind} is not tuned`);
  const { config } = tuning;
  const { pairs, neutral } = encodeArm(model, tuning, format);
  const batches = Math.ceil(pairs.length / config.batch) * config.epochs;
  const onStep = ({ microBatch, loss }: StepRecord): void =>
    tell({
      type: 'note',
      id,
      part: (TUNING_PART * microBatch) / batches,
      text: `batch ${microBatch} of ${batches}, loss ${loss.toPrecision(3)}`,
    });
  const { name, path, revision } = plan.model;
  const watched = encodePairs(model, plan.material.watched, { format, pad: config.pad }).pairs;
  const { steps, epochLosses, distance, monitor } = await finetune({
    ...{ folder, model, pairs, neutral, config, signal, onStep },
    padId: format.tokenizer.eosId ?? 0,
    watched: watched.length > 1 ? watched : undefined,
    baseModel: name ?? path,
    baseRevision: revision,
    inputs: { ...plan.inputs, arm: arm.kind, pairs: hashJson(pairs), neutral: hashJson(neutral) },
    origin: plan.origin,
    resume: true,
  });
  return { steps, epochLosses, distance: distance ?? null, monitor: monitor ?? null };
}

function headerOf(
  { plan, model, format: plain }: StudyContext,
  { id, arm, seed }: Task,
  { arm: { instruction }, format, adapter }: { arm: Arm; format: PromptFormat; adapter: string | null },
): RecordsHeader {
  const { study, split, inputs, origin } = plan;
  const { name, path, revision, files } = plan.model;
  const isInSystem = format.template !== null && format.template.system !== plain.template?.system;
  return {
    format: RECORDS_FORMAT,
    study: study.name,
    task: id,
    arm: arm.name,
    kind: arm.kind,
    seed,
    split,
    model: { name: name ?? path, revision: revision ?? null, files },
    dtype: model.dtype,
    quantize: study.load.quantize ?? null,
    adapter,
    data: inputs,
    template: format.template,
    instruction: isInSystem ? null : instruction,
    budget: study.maxNewTokens,
    versions: origin.versions,
    revision: origin.git?.revision ?? null,
  };
}
