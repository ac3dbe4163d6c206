/** The study of language models: does tuning make the model more honest, by what, and at what cost? */
export * from './arms';
export * from './export';
export { ANSWER_MEASURES, MEASURES, type ClaimFile, type Measure } from './claim-file';
export { assemble, writeResults } from './assemble';
export { freezeStudy, lockPath, readLock, type StudyInputs, type StudyLock } from './freeze';
export { planStudy, readInputs, type FoundModel, type StudyPlan } from './plan';
export { diffStudies, type StudyDifference } from './difference';
export { relabelStudy, type RelabelledStudy } from './relabel';
export { initialStudy } from './initial-study';
export { runStudy, type StudyJob } from './run';
export {
  judgeAgreement,
  judgeSample,
  readAgreement,
  samplePaths,
  sampleStudy,
  type JudgeAgreement,
  type SampleKey,
  type SheetLine,
} from './judge-sample';
export { LIMITS } from './faults';
export { rangeText, SPLITS, type Range, type Split } from './index-ranges';
export { readRecords, RECORDS_FORMAT, type RecordsHeader, type StudyRecord, type TaskRecords } from './records';
export {
  EFFECT_PARTS,
  FAULTS,
  readStudyResults,
  RESULTS_FORMAT,
  type Answered,
  type ArmResult,
  type Change,
  type Effect,
  type EffectPart,
  type Fault,
  type Rated,
  type StudyClaim,
  type StudyResults,
} from './results';
export type { ScenarioSet } from './set-file';
export {
  dataPath,
  readStudy,
  STUDY_FORMAT,
  type FinetuneOverrides,
  type Study,
  type StudyArm,
  type StudyFile,
} from './study-file';
