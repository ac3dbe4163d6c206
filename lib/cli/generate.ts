import type { Command } from 'commander';
import { z } from 'zod';
import { answerEnds, encodePrompts, streamGenerate, type GeneratedToken } from '../models';
import { TextStream, type Tokenizer } from '../text';
import { addChatOptions, formatOf, templateOf, warnIfRaw } from './chat-options';
import { checked, type Result } from './command';
import { listenForSignals, type Signal } from './interrupts';
import { addModelOptions, loadNamedModel } from './model-options';
import { recordedModel } from './named-model';
import { decimal, integer } from './options';
import { writeOut } from './output';
import { startProgress } from './progress';
import { readPrompts } from './prompts';
import { addSamplingOptions, samplingOf, samplingSchema } from './sampling-options';

const optionsSchema = samplingSchema.extend({
  prompts: z.string(),
  maxNewTokens: z.number(),
  batch: z.number(),
  ignoreEos: z.boolean().default(false),
  repetitionPenalty: z.number().optional(),
  json: z.boolean().default(false),
});

export function define(command: Command): void {
  addModelOptions(command);
  command
    .requiredOption('--prompts <file>', 'JSON list of texts or of {prompt}')
    .option('--max-new-tokens <n>', 'most tokens to add', integer({ min: 1, max: 1_000_000 }), 75)
    .option('--batch <n>', 'prompts decoded in one batch', integer({ min: 1, max: 65_536 }), 32)
    .option('--ignore-eos', 'generate --max-new-tokens tokens, past the end-of-sequence token');
  addChatOptions(command);
  addSamplingOptions(command);
  command.option(
    '--repetition-penalty <x>',
    'above 1: tokens that already occurred become less likely',
    decimal({ above: 0 }),
  );
}

/** `soo generate`: continues prompts. The answer to a single one is shown as it comes. */
export async function run(_: readonly string[], given: Readonly<Record<string, unknown>>): Promise<Result> {
  const options = checked(optionsSchema, given);
  const sampling = samplingOf(options);
  const prompts = readPrompts(options.prompts);
  const { model, tokenizer, found } = await loadNamedModel(given);
  const format = formatOf(given, tokenizer);
  const ids = encodePrompts(model, prompts, { format });
  warnIfRaw(format);
  const { maxNewTokens, batch: batchSize, ignoreEos, repetitionPenalty } = options;
  const live = prompts.length === 1 && !options.json;
  const show = live ? liveText(prompts[0], tokenizer) : progressOf(ids.length * maxNewTokens);
  const start = performance.now();
  const { answers, interrupted } = await collect(ids.length, show, (signal) => {
    return streamGenerate(model, ids, {
      maxNewTokens,
      batchSize,
      eosId: ignoreEos ? null : answerEnds(model, format),
      sampling,
      repetitionPenalty,
      signal,
    });
  });
  const seconds = (performance.now() - start) / 1000;
  const outputs = answers.map((answer) => ({ ids: answer, text: tokenizer.decode(answer) }));
  const newTokens = answers.flat().length;
  const tokensPerSecond = newTokens / seconds;
  const texts = live ? [''] : prompts.map((prompt, i) => `${prompt}\n  > ${outputs[i]?.text ?? ''}`);
  const speed = `${newTokens} tokens in ${seconds.toFixed(2)} s, ${tokensPerSecond.toFixed(1)} per second`;
  return {
    json: {
      outputs,
      tokensPerSecond,
      newTokens,
      seconds,
      interrupted: interrupted !== undefined,
      ...recordedModel(found),
      ...templateOf(format),
    },
    text: [...texts, interrupted ? `interrupted: ${speed}` : speed].join('\n\n'),
    interrupted,
  };
}

/** Where new tokens are shown. */
interface Display {
  token(id: number): void;
  stop(): void;
}

function liveText(prompt: string | undefined, tokenizer: Tokenizer): Display {
  const stream = new TextStream(tokenizer);
  writeOut(`${prompt}\n  > `);
  return {
    token: (id) => writeOut(stream.push(id)),
    stop: () => writeOut(stream.end()),
  };
}

function progressOf(total: number): Display {
  const progress = startProgress('generate', total);
  let made = 0;
  return { token: () => progress.update(++made), stop: () => progress.stop() };
}

/** Runs a stream to its end, or to the first signal: what was made by then is the result. */
async function collect(
  count: number,
  display: Display,
  start: (signal: AbortSignal) => AsyncIterable<GeneratedToken>,
): Promise<{ answers: number[][]; interrupted: Signal | undefined }> {
  const answers = Array.from({ length: count }, (): number[] => []);
  const { signal, caught, remove } = listenForSignals('stopping after this token; press again to quit now');
  try {
    for await (const { prompt, token } of start(signal)) {
      answers[prompt]?.push(token);
      display.token(token);
    }
  } catch (thrown) {
    if (thrown !== signal.reason) throw thrown;
  } finally {
    remove();
    display.stop();
  }
  return { answers, interrupted: caught() };
}
