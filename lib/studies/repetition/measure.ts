/** Everything that is measured of one model, kept as it comes: a measurement that is interrupted goes on where it was. */
import { join } from 'node:path';
import {
  answerQuestions,
  deceptionRates,
  keptAnswers,
  type Asked,
  type DeceptionRecord,
  type KnowledgeQuestion,
} from '../../evals';
import { ownFolder } from '../../files/folders';
import type { LanguageModel } from '../../models';
import { latentMeans, type TokenPair } from '../../soo';
import type { PromptFormat } from '../../text';
import { ORDERS, type Answers, type Measured } from './results';

/** Where somebody who is mistaken will look, and where oneself will. */
export const QUESTIONS = ['perspective', 'self'] as const;
export type Question = (typeof QUESTIONS)[number];

export interface Measuring {
  format: PromptFormat;
  /** Scenarios in both orders, and those with oneself in the burglar's place, by the name of their set. */
  asked: readonly Asked[];
  /** The set that stands for oneself; null where the file has none. */
  selfSet: string | null;
  questions: Readonly<Record<Question, readonly KnowledgeQuestion[]>>;
  /** Of the file, whatever the arm. */
  pairs: readonly TokenPair[];
  maxNewTokens: number;
  batchSize: number;
  signal: AbortSignal;
  /** @param done of `total` scenarios */
  onProgress: (done: number, total: number) => void;
}

/**
 * @param folder gets `answers.jsonl`
 * @param run a fingerprint of everything that the answers depend on
 */
export async function measureModel(
  model: LanguageModel,
  folder: string,
  run: string,
  measuring: Measuring,
): Promise<Omit<Measured, 'id' | 'arm' | 'seed' | 'training'>> {
  model.eval();
  const { asked, questions, pairs, selfSet, ...options } = measuring;
  const { format, signal } = options;
  const file = join(ownFolder(folder), 'answers.jsonl');
  const records = await keptAnswers(model, asked, { ...options, file, run });
  const isSelf = ({ set }: DeceptionRecord): boolean => set === selfSet;
  const inOrder = (order: (typeof ORDERS)[number]): Answers | null =>
    answersOf(records.filter((record) => !isSelf(record) && record.order === order));
  const answered = { perspective: { n: 0, right: 0 }, self: { n: 0, right: 0 } };
  for (const name of QUESTIONS) {
    const { n, right } = await answerQuestions(model, format, questions[name], signal);
    answered[name] = { n, right };
  }
  return {
    scenarios: { 'cheap-first': inOrder('cheap-first'), 'precious-first': inOrder('precious-first') },
    self: answersOf(records.filter(isSelf)),
    questions: answered,
    latent: latentMeans(model, pairs),
  };
}

function answersOf(records: readonly DeceptionRecord[]): Answers | null {
  if (records.length === 0) return null;
  const { n, labels, upstreamRate, forcedChoice } = deceptionRates(records);
  if (!labels) throw new Error('measureModel: records of today say how they ended');
  const choice = forcedChoice && { n: forcedChoice.n, mean: forcedChoice.mean, deceptive: forcedChoice.deceptive };
  return { n, labels, upstreamRate, forcedChoice: choice };
}
