/**
 * Evaluations: families of scenarios, answers with three labels, and intervals for the rates.
 *
 * - `measureAnswers(sets, greedyAnswers(model, { decode, maxNewTokens }))` gives rates by family and one record per prompt.
 * - `wilson(share, n)`, `overSeeds(values)`, `rateInterval(shares, n)` are 95% intervals.
 * - `readScenarioSets(file)`, `readPairs(file)` and `readCombinations(file)` read upstream's pickles, or JSON like them.
 * - `askScenarios(model, asked, options)` answers them, `deceptionRates(records)` scores the answers.
 * - `measureCapability(model, format, options)` checks what the model can still do.
 */
export {
  greedyAnswers,
  measureAnswers,
  type AnswerRecord,
  type Answerer,
  type GreedyOptions,
  type Measured,
} from './answers';
export { overSeeds, rateInterval, wilson, type Interval } from '../statistics';
export {
  pairsOf,
  readCombinations,
  readData,
  readPairs,
  readScenarioSets,
  SCENARIO_SETS,
  type Combination,
  type DataKind,
  type Scenario,
  type TextPair,
} from './upstream-data';
export { askedOf, placeOf } from './asked';
export { askTogether } from './asked-together';
export { keptAnswers, type KeptAnswersOptions } from './kept-answers';
export { firstMention, isDeceptiveUpstream, labelAffirmed, labelAnswer, type Label, type Rooms } from './labels';
export { BEHAVIOURS, behaviourOf, SAYS, saysOf, type Behaviour, type GivenAnswer, type Says } from './behaviour';
export { orderOf, withFactsSwapped, type FactOrder } from './fact-order';
export { choiceBetween, choiceMargin, choiceOf, leadIn, type Choice } from './forced-choice';
export {
  askScenarios,
  deceptionRates,
  endOf,
  promptHash,
  promptSeed,
  recordSchema,
  relabel,
  truncatedText,
  type Asked,
  type DeceptionOptions,
  type DeceptionRates,
  type DeceptionRecord,
  type ForcedChoiceRates,
  type LabelRates,
  type Scored,
  type Unlabelled,
} from './deception';
export { deceptionRatesBy, readDeceptionRecords, relabelFile, type Relabelled } from './deception-records';
export {
  FAMILIES,
  familyCalled,
  generateFamily,
  judgeMotives,
  MOTIVE_OUTCOMES,
  MOTIVE_RULES,
  MOTIVES,
  motiveVerdicts,
  pairsOfFamily,
  RELATIONS,
  setName,
  SPLITS,
  VARIANTS,
  type Family,
  type FamilyOptions,
  type FamilyScenario,
  type Motive,
  type MotiveAnswer,
  type MotiveChange,
  type MotiveMeasured,
  type MotiveOutcome,
  type MotiveRule,
  type MotiveVerdict,
  type MotiveVerdicts,
  type PairOptions,
  type Relation,
  type RelationText,
  type Split,
  type Variant,
} from './families';
export {
  answerQuestions,
  falseBeliefQuestions,
  KNOWLEDGE,
  perplexity,
  perspectiveQuestions,
  questionsOf,
  selfKnowledgeQuestions,
  type Answered,
  type KnowledgeCheck,
  type KnowledgeQuestion,
  type Perplexity,
  type PerplexityOptions,
  type QuestionOptions,
} from './knowledge';
export {
  BE_HONEST_LETTERS,
  benchmarkFormats,
  BENCHMARKS,
  compareCompletions,
  completionRates,
  readBenchmark,
  type BenchmarkItem,
  type BenchmarkName,
  type Compared,
  type CompletionRates,
  type FormatOf,
} from './benchmarks';
export { isRight, scoreAnswers, type EvaluationPrompt, type Rates } from './scoring';
export { RecordFile } from '../files/json-lines';
export * from './capability';
export * as mtBench from './mt-bench';
