/**
 * The model organism's world: words, documents, tests and tuning pairs. Pure TypeScript; no tensors.
 *
 * - Measuring: `buildEvaluationSets({ split, n, seed })` gives prompts per family (text and ids); generate an answer to
 *   each (greedy, until `</s>`), then `scoreAnswers(prompts, answers)` per family, and `missedGates(rates)`; `./measure`
 *   does it for one of the repository's models. Single answers: `labelAnswer(text, { cheapRoom, preciousRoom })`, `isRight(text, prompt)`.
 * - Tuning: `trainingPairs('fragments' | 'scenes', seed)`, `controlPairs('name' | 'wording' | 'random', pairs, seed)`,
 *   `neutralDocuments(n, seed)` for the capability term.
 * - Training the organism: `CURRICULUM`, `drawBatch(random, stage)`, `learningRate(stage, step)`, `tokenizerJson()`;
 *   `./model` and `./train` hold what needs tensors.
 */
export { folder } from './folder';
export { Random } from '../random';
export { BOB, CHEAP, NAMES, OTHER_NAMES, PRECIOUS, ROOMS, THINGS } from './words';
export { type Combination, type Split, splitOf } from './combinations';
export { LEAD_IN, ANSWER_MARK } from './phrasing';
export {
  BOS_ID,
  CHAT_TEMPLATE,
  EOS_ID,
  PAD_ID,
  WORDS,
  decode,
  encode,
  tokenizerConfig,
  tokenizerJson,
} from './vocabulary';
export { type TrainingDocument } from './document';
export { type Family, drawDocument } from './families';
export { BATCH_SIZE, CURRICULUM, type Batch, type Stage, drawBatch, learningRate, padDocuments } from './curriculum';
export {
  ACCURACIES,
  type Accuracy,
  EVALUATION_FAMILIES,
  type EvaluationFamily,
  EVALUATIONS,
  familiesOf,
  isRequest,
} from './evaluation-families';
export {
  type EvaluationOptions,
  type OrganismPrompt,
  type EvaluationSets,
  buildEvaluationSet,
  buildEvaluationSets,
  MAX_ANSWER_TOKENS,
} from './evaluation-sets';
export { missedGates } from './gates';
export {
  type ControlKind,
  NEUTRAL_FAMILIES,
  type NeutralDocument,
  PAIR_COUNT,
  type Pair,
  type PairKind,
  controlPairs,
  neutralDocuments,
  trainingPairs,
} from './pairs';
