/**
 * Evaluations: the organism's world (`organism`), answers with three labels, and intervals for the rates.
 *
 * - `measureAnswers(sets, greedyAnswers(model, { decode, maxNewTokens }))` gives rates by family and one record per prompt.
 * - `wilson(share, n)`, `overSeeds(values)`, `rateInterval(shares, n)` are 95% intervals.
 * - `readScenarioSets(file)`, `readPairs(file)` and `readCombinations(file)` read upstream's pickles, or JSON like them.
 */
export * as organism from './organism';
export {
  greedyAnswers,
  isRequest,
  measureAnswers,
  type AnswerRecord,
  type Answerer,
  type GreedyOptions,
  type Measured,
} from './answers';
export { overSeeds, rateInterval, wilson, type Interval } from './intervals';
export {
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
