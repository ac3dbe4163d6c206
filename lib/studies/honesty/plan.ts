/** Everything that a study's numbers depend on, read once from its files, as plain data: processes are handed it whole. */
import { readTexts, materialOf, type Material } from './material';
import type { LanguageModel } from '../../models';
import { InputError } from '../../files/input-error';
import { isRisky, RISK } from '../../soo';
import { hashFile, hashFolder, hashJson, type Origin } from '../../training';
import { armOf } from './arms';
import { benchmarkSetsOf, type BenchmarkSet } from './benchmark-sets';
import { checkMaterialOf, type CheckMaterial } from './checks';
import { whyExploratory, type StudyInputs, type StudyLock } from './freeze';
import { SPLITS, type Split } from './index-ranges';
import { itemsOf, type StudyItem } from './items';
import { isAsked } from './set-file';
import { STARTED_FORMAT, type Started } from './started';
import { dataPath, type Study, type StudyFile } from './study-file';
import { tasksOf, type Task } from './tasks';
import { finetuneOf } from './tuning';

/** The model that a study's file names, found. */
export interface FoundModel {
  path: string;
  /** On the hub, with its commit. */
  name?: string;
  revision?: string;
}

export interface StudyPlan {
  /** Gets everything. */
  folder: string;
  study: Study;
  split: Split;
  model: FoundModel & { files: Record<string, string>; layers: number };
  items: readonly StudyItem[];
  /** Benchmarks of others, of the same split. */
  benchmarks: readonly BenchmarkSet[];
  material: Material;
  checks: CheckMaterial;
  /** Texts that perplexity is measured on. */
  texts: readonly string[] | null;
  inputs: StudyInputs;
  origin: Origin;
}

export interface PlanOptions {
  folder: string;
  model: FoundModel;
  /** Where data files are, when not beside the study file. */
  data?: string;
  /** Default: confirmation, where any set names some. */
  split?: Split;
  origin: Origin;
}

export const defaultSplit = ({ scenarios }: Study): Split =>
  scenarios.some((set) => isAsked(set) && set.confirmation) ? 'confirmation' : 'development';

/**
 * Reads and draws all that a study is made of, and refuses what cannot be run before anything is.
 * @throws InputError that names the file, set or arm
 */
export function planStudy(
  file: StudyFile,
  { model: shape }: { model: Pick<LanguageModel, 'config'> },
  options: PlanOptions,
): StudyPlan {
  const { study } = file;
  const { folder, model, origin, split = defaultSplit(study) } = options;
  const made = readInputs(file, model, options.data);
  const pathOf = (name: string): string => dataPath(file, name, options.data);
  const { items } = itemsOf(study.scenarios, split, pathOf);
  const { benchmarks } = benchmarkSetsOf(study.scenarios, split, pathOf);
  const plan: StudyPlan = {
    ...{ folder, study, split, items, benchmarks, material: made.material, texts: made.texts, origin },
    model: { ...model, files: hashFolder(model.path), layers: shape.config.numHiddenLayers },
    checks: checkMaterialOf(study, pathOf),
    inputs: made.inputs,
  };
  for (const task of tasksOf(study)) {
    const { tuning } = armOfTask(plan, task);
    if (tuning && isRisky(tuning.config))
      throw new InputError(`arm ${task.arm.name}: detachSelf ${RISK}; give capability a weight`);
  }
  return plan;
}

/** What a study reads, and the hashes of it: of both splits, as a lock has them. */
export function readInputs(
  file: StudyFile,
  model: FoundModel,
  data?: string,
): { inputs: StudyInputs; material: Material; texts: string[] | null } {
  const { study } = file;
  const pathOf = (name: string): string => dataPath(file, name, data);
  const inputs: StudyInputs = { model: hashJson(hashFolder(model.path)) };
  const tested: StudyItem[] = [];
  for (const split of SPLITS) {
    const note = (hashes: Record<string, string>): void => {
      for (const [name, hash] of Object.entries(hashes)) inputs[`${name} ${split}`] = hash;
    };
    note(benchmarkSetsOf(study.scenarios, split, pathOf).hashes);
    if (!study.scenarios.some((set) => isAsked(set) && set[split])) continue;
    const { items, hashes } = itemsOf(study.scenarios, split, pathOf);
    tested.push(...items);
    note(hashes);
  }
  const { material, hashes } = materialOf(study, tested.map(({ scenario }) => scenario), pathOf); // prettier-ignore
  Object.assign(inputs, hashes);
  const { perplexity, multipleChoice, mtBench } = study.checks;
  const texts = perplexity === undefined ? null : readTexts(pathOf(perplexity));
  if (perplexity !== undefined) inputs.perplexity = hashFile(pathOf(perplexity));
  if (multipleChoice !== undefined) inputs.multipleChoice = hashFile(pathOf(multipleChoice));
  if (mtBench !== undefined) inputs.mtBench = hashFile(pathOf(mtBench.questions));
  return { inputs, material, texts };
}

/** What a task's arm is made of, with the study's settings. */
export function armOfTask(
  { study, material, model: { layers } }: StudyPlan,
  { arm, seed }: Task,
): ReturnType<typeof armOf> {
  const finetune = finetuneOf(study, arm, { layers, pairs: material.pairs.length });
  const instructions = arm.prompt === undefined ? undefined : { [arm.kind]: arm.prompt };
  return armOf(arm.kind, { ...material, finetune, layers, instructions }, seed ?? 0);
}

/** What a study's folder says of it. */
export const startedOf = (
  file: StudyFile,
  { split, inputs, origin }: StudyPlan,
  { lock, threads }: { lock: StudyLock | null; threads: number },
): Started => ({
  format: STARTED_FORMAT,
  sha256: file.sha256,
  frozenAt: lock?.frozenAt ?? null,
  exploratory: whyExploratory(file, lock, { split, inputs }),
  split,
  threads,
  inputs,
  origin,
  study: file.json,
});

/** Settings that change no answer of a task that is there. */
export function fingerprintOf({ study, inputs, split }: StudyPlan, { id, arm, seed }: Task): string {
  const { claims: _, batch: _batch, arms: _arms, seeds: _seeds, ...settings } = study;
  return hashJson({ inputs, split, settings, id, arm, seed }).slice(0, 16);
}
