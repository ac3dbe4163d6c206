/** Generation in a compute worker's thread: tokens and the text that they add, as they come. */
import { answerEnds, streamGenerate, type StreamOptions } from '../models';
import { TextStream } from '../text';
import type { HeldModel, PromptOptions, Prompts } from './held-model';
import type { Running } from './serve-requests';

/** One new token, and the text that it adds. */
export interface GeneratedPiece {
  /** The prompt's index. */
  prompt: number;
  token: number;
  /** Empty while a character is incomplete, and always where the model has no tokenizer. */
  text: string;
  /** True when nothing follows for this prompt. */
  last: boolean;
}

/** All of one answer. */
export interface GeneratedAnswer {
  /** The new tokens; the one that stopped the answer is the last. */
  ids: number[];
  /** Empty where the model has no tokenizer. */
  text: string;
}

export type GenerateArguments = Omit<StreamOptions, 'signal'> &
  PromptOptions & {
    prompts: Prompts;
    /** Whether pieces are told as they come. */
    streams: boolean;
  };

export async function generate(
  held: HeldModel,
  { prompts, streams, chat, ...options }: GenerateArguments,
  { signal, tell }: Running<GeneratedPiece[]>,
): Promise<GeneratedAnswer[]> {
  const { model } = held;
  const { tokenizer } = model;
  const ids = held.encode(prompts, { chat });
  const eosId = options.eosId === undefined && tokenizer ? answerEnds(model, held.format({ chat })) : options.eosId;
  const answers = ids.map((): number[] => []);
  const texts = tokenizer && streams ? ids.map(() => new TextStream(tokenizer)) : [];
  const pieces = bundled(tell);
  for await (const { prompt, token, last } of streamGenerate(model, ids, { ...options, eosId, signal })) {
    answers[prompt].push(token);
    if (!streams) continue;
    const text = texts.at(prompt);
    pieces.add({ prompt, token, text: text ? text.push(token) + (last ? text.end() : '') : '', last });
  }
  pieces.send();
  return answers.map((answer) => ({ ids: answer, text: tokenizer?.decode(answer) ?? '' }));
}

/** Sends together what one step makes: a message for each row would cost more than the row. */
function bundled(tell: (pieces: GeneratedPiece[]) => void): { add(piece: GeneratedPiece): void; send(): void } {
  let waiting: GeneratedPiece[] = [];
  const send = (): void => {
    if (waiting.length > 0) tell(waiting);
    waiting = [];
  };
  const add = (piece: GeneratedPiece): void => {
    if (waiting.push(piece) === 1) setImmediate(send);
  };
  return { add, send };
}
