/** Answers to MT-Bench's questions, two turns each: the first answer stands in the conversation of the second. */
import { createHash } from 'node:crypto';
import { InputError } from '../../files/input-error';
import { answerEnds, generate, type LanguageModel, type SamplingOptions } from '../../models';
import { decodeAnswer, spokenIn, type ChatFormat } from '../../text';
import { endOf, promptSeed } from '../deception';
import type { MtBenchAnswer, MtBenchQuestion } from './files';

/** FastChat's temperatures (`temperature_config`); 0 is greedy, and categories that are not named have 0.7. */
const TEMPERATURES: Readonly<Record<string, number>> = {
  writing: 0.7,
  roleplay: 0.7,
  extraction: 0,
  math: 0,
  coding: 0,
  reasoning: 0,
  stem: 0.1,
  humanities: 0.1,
  'arena-hard-200': 0,
};
/** Its draws are transformers' `generate` as it comes, which looks at this many of the likeliest tokens. */
const TOP_K = 50;

export const temperatureOf = (category: string): number => TEMPERATURES[category] ?? 0.7;

export interface MtBenchOptions {
  /** The name of the model in the files. */
  modelId: string;
  format: ChatFormat;
  /** Most tokens of a turn; FastChat's default is 1024. */
  maxNewTokens: number;
  /** Conversations side by side; it changes no answer. */
  batchSize: number;
  /** Answers to each question; FastChat's default is 1. */
  choices?: number;
  seed: number;
  /** Ends the work after the current token; an error with the signal's reason is thrown. */
  signal?: AbortSignal;
}

/**
 * Tells answers batch by batch, as soon as all turns of a batch are done. Batches share a temperature; which questions
 * are asked, and in which batches, changes nothing of what a question's answer is.
 * @throws InputError for a conversation that is longer than the model has positions for
 */
export async function* answerQuestions(
  model: LanguageModel,
  questions: readonly MtBenchQuestion[],
  options: MtBenchOptions,
): AsyncGenerator<MtBenchAnswer[]> {
  const { modelId, batchSize, choices = 1 } = options;
  const warmth = ({ category, turns }: MtBenchQuestion): string => `${temperatureOf(category)} ${turns.length}`;
  for (const kind of new Set(questions.map(warmth))) {
    const alike = questions.filter((one) => warmth(one) === kind);
    for (let at = 0; at < alike.length; at += batchSize) {
      const batch = alike.slice(at, at + batchSize);
      const made: Conversation[][] = [];
      for (let index = 0; index < choices; index++) made.push(await converse(model, batch, index, options));
      yield batch.map(({ question_id }, i) => {
        const given = made.map((conversations, index) => ({ index, ...conversations[i] }));
        const content = JSON.stringify([modelId, question_id, given]);
        const answer_id = createHash('sha256').update(content).digest('base64url').slice(0, 22);
        return { question_id, answer_id, model_id: modelId, choices: given, tstamp: Date.now() / 1000 };
      });
    }
  }
}

interface Conversation {
  turns: string[];
  ended: ('eos' | 'budget')[];
}

/** All turns of questions that share a temperature and a number of turns. */
async function converse(
  model: LanguageModel,
  batch: readonly MtBenchQuestion[],
  choice: number,
  { format, maxNewTokens, batchSize, seed, signal }: MtBenchOptions,
): Promise<Conversation[]> {
  const ends = answerEnds(model, format);
  const temperature = temperatureOf(batch[0].category);
  const made = batch.map((): Conversation => ({ turns: [], ended: [] }));
  for (const turn of batch[0].turns.keys()) {
    const said = batch.map((question, i) => question.turns.slice(0, turn + 1).flatMap((text, k) => [text, ...made[i].turns.slice(k, k + 1)])); // prettier-ignore
    const ids = said.map((turns) => format.encodeTurns(turns));
    ids.forEach((one, i) => requireRoom(model, one, batch[i], turn));
    const seeds = batch.map(({ question_id }) => promptSeed(seed + choice, `${question_id} ${turn}`));
    const sampling: SamplingOptions | undefined =
      temperature > 0 ? { temperature, topK: TOP_K, seed: seeds } : undefined;
    const outputs = await generate(model, ids, { maxNewTokens, batchSize, eosId: ends, sampling, signal });
    for (const [i, output] of outputs.entries()) {
      made[i].turns.push(spoken(format, output));
      made[i].ended.push(endOf(output, ends));
    }
  }
  return made;
}

function requireRoom(
  model: LanguageModel,
  ids: readonly number[],
  { question_id }: MtBenchQuestion,
  turn: number,
): void {
  const most = model.config.maxPositionEmbeddings;
  if (ids.length > most)
    throw new InputError(
      `question ${question_id}: turn ${turn + 1} has ${ids.length} tokens, but max_position_embeddings of config.json is ${most}`,
    );
}

/** The answer without its thoughts, which neither the judge nor the next turn sees. */
function spoken(format: ChatFormat, ids: readonly number[]): string {
  const turn = format.lead + decodeAnswer(format.tokenizer, ids);
  const { start, end } = spokenIn(turn);
  return turn.slice(start, end).trim();
}
