/** Questions with choices by log-likelihood, with the arithmetic of lm-evaluation-harness: `acc` and `acc_bytes`. */
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { InputError } from '../../files/input-error';
import type { LanguageModel } from '../../models';
import type { PromptFormat } from '../../text';
import { torch } from '../../torch';
import type { ChoiceQuestion } from './choice-questions';
import type { CapabilityItem } from './result';

/** Tokens of a question and one of its choices, of which the last `scored` are the choice. */
interface Encoded {
  ids: number[];
  scored: number;
}

/**
 * Raw, the choice and the question are encoded as one text, and what follows as many tokens as the question alone has is
 * scored; spaces at the question's end go with the choice, as tokens begin with them. In a chat template the choice is the
 * assistant's answer, and what differs from the prompt that asks for one is scored.
 */
function encode(format: PromptFormat, { context, continuations, id }: ChoiceQuestion): Encoded[] {
  const question = context.trimEnd();
  const before = format.encode(question);
  return continuations.map((continuation) => {
    const rest = context.slice(question.length) + continuation;
    const isRaw = format.template === null;
    const ids = isRaw ? format.encode(question + rest) : format.encode(question, rest.trimStart());
    const parts = ids.findIndex((one, i) => one !== before[i]);
    const scored = ids.length - (isRaw ? before.length : parts < 0 ? ids.length : parts);
    if (scored <= 0) throw new InputError(`question ${id}: a choice adds no token to the question`);
    return { ids, scored };
  });
}

/**
 * Log-likelihood of each choice behind the question, in nats.
 * @throws InputError for a question that is longer than the model has positions for
 */
export function choiceLikelihoods(model: LanguageModel, format: PromptFormat, question: ChoiceQuestion): number[] {
  const encoded = encode(format, question);
  const longest = Math.max(...encoded.map(({ ids }) => ids.length)) - 1;
  const most = model.config.maxPositionEmbeddings;
  if (longest > most)
    throw new InputError(`question ${question.id} has ${longest} tokens, but max_position_embeddings of config.json is ${most}`); // prettier-ignore
  // The last token is only looked for; choices of one token share their row.
  const rows = new Map(encoded.map(({ ids }) => [ids.slice(0, -1).join(), ids.slice(0, -1)]));
  const places = [...rows.keys()];
  return torch.scope(() =>
    torch.inferenceMode(() => {
      const padded = [...rows.values()].map((ids) => [...ids, ...Array<number>(longest - ids.length).fill(0)]);
      const mask = [...rows.values()].map((ids) => padded[0].map((_, i) => Number(i < ids.length)));
      const tensor = (values: number[][]) => torch.tensor(values, { dtype: 'int64' }).to(model.device);
      const attentionMask = rows.size > 1 ? tensor(mask) : undefined;
      const logits = model.call(tensor(padded), { attentionMask });
      return encoded.map(({ ids, scored }) => {
        const row = logits.select(0, places.indexOf(ids.slice(0, -1).join()));
        const scores = row
          .narrow(0, ids.length - 1 - scored, scored)
          .to('float32')
          .logSoftmax(-1);
        const wanted = tensor(ids.slice(-scored).map((id) => [id]));
        return scores.gather(1, wanted).to('float64').sum().item<number>();
      });
    }),
  );
}

/** The place of the largest; of equal ones the first. */
const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));

/**
 * Answers every question by the likeliest choice, and by the likeliest per byte.
 * @param task the name that the items get
 */
export async function answerChoices(
  model: LanguageModel,
  format: PromptFormat,
  questions: readonly ChoiceQuestion[],
  { task, signal }: { task: string; signal?: AbortSignal },
): Promise<CapabilityItem[]> {
  const items: CapabilityItem[] = [];
  for (const question of questions) {
    await eventLoopTurn(); // signals come in between turns only
    signal?.throwIfAborted();
    const choices = question.continuations.map((one) => one.trimStart());
    const likelihoods = choiceLikelihoods(model, format, question);
    const taken = largest(likelihoods);
    const byBytes = largest(likelihoods.map((one, i) => one / Buffer.byteLength(choices[i])));
    const [right, rightByBytes] = [taken, byBytes].map((one) => question.gold.includes(one));
    items.push({ task, id: question.id, right, rightByBytes, answer: choices[taken], ended: null });
  }
  return items;
}
