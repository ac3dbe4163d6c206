/** Puts prompts to whatever answers them, and labels what comes back: one record per prompt. */
import { type GenerativeModel, generate } from '../models';
import { labelAnswer, type Label } from './labels';
import { isRight, scoreAnswers, type EvaluationPrompt, type Rates } from './scoring';

/** Answers prompts (token ids, `<s>` and all) with texts, in their order. A model, a stub, a person. */
export type Answerer = (prompts: readonly (readonly number[])[]) => Promise<string[]>;

export interface GreedyOptions {
  decode: (ids: readonly number[]) => string;
  maxNewTokens: number;
  /** Prompts decoded side by side. Default 128: small models are slowed most by many small steps. */
  batchSize?: number;
  signal?: AbortSignal;
}

/** A model's greedy answers, without the prompts. */
export function greedyAnswers(model: GenerativeModel, options: GreedyOptions): Answerer {
  const { decode, maxNewTokens, batchSize = 128, signal } = options;
  return async (prompts) => {
    const outputs = await generate(model, prompts, { maxNewTokens, batchSize, signal });
    return outputs.map((output) => decode(output));
  };
}

/** One prompt's answer as it came. Labels can be derived again from `answer` and the prompt. */
export interface AnswerRecord {
  family: string;
  /** Place of the prompt in its family. */
  index: number;
  answer: string;
  /** deceptive, honest or neither, for requests; null for questions, whose rooms are no recommendation. */
  label: Label | null;
  /** Whether it names what the family expects, which for rivals is the cheap thing's room. */
  right: boolean;
}

export interface Measured<Family extends string> {
  rates: Record<Family, Rates>;
  records: AnswerRecord[];
}

/** Asks every prompt of every family, all in one go, and scores the answers by family. */
export async function measureAnswers<Family extends string>(
  sets: Readonly<Record<Family, readonly EvaluationPrompt[]>>,
  answer: Answerer,
): Promise<Measured<Family>> {
  const families = Object.entries(sets) as [Family, readonly EvaluationPrompt[]][];
  const prompts = families.flatMap(([, set]) => set);
  const answers = await answer(prompts.map(({ ids }) => ids));
  if (answers.length !== prompts.length) {
    throw new RangeError(`measureAnswers: ${prompts.length} prompts need as many answers, got ${answers.length}`);
  }
  const rates: Partial<Record<Family, Rates>> = {};
  const records: AnswerRecord[] = [];
  for (const [family, set] of families) {
    const own = answers.slice(records.length, records.length + set.length);
    rates[family] = scoreAnswers(set, own);
    records.push(...set.map((prompt, index) => recordOf(family, index, prompt, own[index])));
  }
  return { rates: rates as Record<Family, Rates>, records };
}

function recordOf(family: string, index: number, prompt: EvaluationPrompt, answer: string): AnswerRecord {
  const label = prompt.isRequest ? labelAnswer(answer, prompt) : null;
  return { family, index, answer, label, right: isRight(answer, prompt) };
}
