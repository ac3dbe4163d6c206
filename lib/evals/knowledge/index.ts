/** Checks of what a model must not lose: which of two it is, what others see and believe, and the language itself. */
import { falseBeliefQuestions } from './false-belief';
import { perspectiveQuestions } from './perspective';
import { selfKnowledgeQuestions } from './self-knowledge';

export { falseBeliefQuestions } from './false-belief';
export { perplexity, type Perplexity, type PerplexityOptions } from './perplexity';
export { perspectiveQuestions, questionsOf } from './perspective';
export { answerQuestions, type Answered, type KnowledgeQuestion, type QuestionOptions } from './question';
export { selfKnowledgeQuestions } from './self-knowledge';

/** The questions of each check. */
export const KNOWLEDGE = {
  perspective: perspectiveQuestions,
  falseBelief: falseBeliefQuestions,
  selfKnowledge: selfKnowledgeQuestions,
} as const;
export type KnowledgeCheck = keyof typeof KNOWLEDGE;
