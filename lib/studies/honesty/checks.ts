/** The checks beside the scenarios: what a model still knows and can do. Each tells its items one by one, to be paired. */
import type { LanguageModel } from '../../models';
import type { PromptFormat } from '../../text';
import type { Check, Checked } from './measured';
import type { StudyPlan } from './plan';

export interface CheckContext {
  model: LanguageModel;
  format: PromptFormat;
  plan: StudyPlan;
  signal: AbortSignal;
}

/** null where the study does not ask for it. */
type CheckRun = (context: CheckContext) => Promise<Checked | null>;

const notYet: CheckRun = () => Promise.resolve(null);

export const CHECK_RUNS: Readonly<Record<Check, CheckRun>> = {
  perspective: notYet,
  falseBelief: notYet,
  selfKnowledge: notYet,
  tasks: notYet,
  multipleChoice: notYet,
};
