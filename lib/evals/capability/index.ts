export { readChoiceQuestions, type ChoiceQuestion } from './choice-questions';
export { answerChoices, choiceLikelihoods } from './choices';
export { measureCapability, type CapabilityOptions } from './measure';
export { capabilityItemSchema, capabilityRates, type Capability, type CapabilityItem, type TaskRates } from './result';
export { runSandboxed, type SandboxLimits, type SandboxOutcome } from './sandbox';
export type { ShortTask } from './short-task';
export { shortTasks, TASK_NAMES, type AskedTask, type TaskName } from './short-tasks';
