/** The paper's experiment on any model: `soo repeat`. */
export { ARM_NAMES, ARMS, pairsOfArm, type Arm } from './arms';
export { QUESTIONS, type Question } from './measure';
export {
  readRepetitionResults,
  type Answers,
  type Measured,
  type RepetitionResults,
  type Row,
  type Verdict,
} from './results';
export { repeatExperiment, type RepetitionJob } from './run';
export type { RepetitionPlan, RepetitionSettings } from './task';
export { THRESHOLDS, unanswered, verdictOf } from './verdict';
