/** MT-Bench: answers, judgments and their averages, in FastChat's files. */
export { answerQuestions, temperatureOf, type MtBenchOptions } from './answer';
export {
  Endpoint,
  NoAccess,
  NoAnswer,
  type Completion,
  type CompletionRequest,
  type EndpointOptions,
} from './endpoint';
export {
  answeredModels,
  answerSchema,
  answersFile,
  judgmentSchema,
  judgmentsName,
  LINE_START,
  readAnswers,
  readJudgePrompts,
  readJudgments,
  readQuestions,
  type JudgePrompt,
  type MtBenchAnswer,
  type MtBenchJudgment,
  type MtBenchQuestion,
} from './files';
export {
  judgeAnswers,
  judgeTasks,
  judgmentKey,
  ratingIn,
  tasksLeft,
  type JudgeMaterial,
  type JudgeOptions,
  type JudgeTask,
  type Unjudged,
} from './judge';
export { mtBenchScores, type MtBenchScores } from './scores';
