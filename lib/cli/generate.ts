import type { Command } from 'commander';
import { z } from 'zod';
import { generate } from '../models';
import { checked, type Result } from './command';
import { addModelOptions, loadModel } from './model-options';
import { integer } from './options';
import { startProgress } from './progress';
import { encodePrompts, readPrompts } from './prompts';

const optionsSchema = z.object({
  prompts: z.string(),
  maxNewTokens: z.number(),
  batch: z.number(),
  ignoreEos: z.boolean().default(false),
});

export function define(command: Command): void {
  addModelOptions(command);
  command
    .requiredOption('--prompts <file>', 'JSON list of texts or of {prompt}')
    .option('--max-new-tokens <n>', 'tokens to add at most', integer({ min: 1, max: 1_000_000 }), 75)
    .option('--batch <n>', 'prompts decoded side by side', integer({ min: 1, max: 65_536 }), 16)
    .option('--ignore-eos', "go on to --max-new-tokens, past the model's end-of-sequence token");
}

/** `soo generate`: continues prompts greedily. */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const { prompts: file, maxNewTokens, batch, ignoreEos } = checked(optionsSchema, options);
  const prompts = readPrompts(file);
  const { model, tokenizer } = loadModel(options);
  const ids = encodePrompts(prompts, tokenizer, model);
  const progress = startProgress('generate', ids.length * maxNewTokens);
  let made = 0;
  const start = performance.now();
  const answers = await generate(model, ids, {
    maxNewTokens,
    batchSize: batch,
    eosId: ignoreEos ? null : undefined,
    onToken: () => progress.update(++made),
  });
  const seconds = (performance.now() - start) / 1000;
  progress.stop();
  const outputs = answers.map((answer) => ({ ids: answer, text: tokenizer.decode(answer) }));
  const tokensPerSecond = made / seconds;
  const texts = prompts.map((prompt, i) => `${prompt}\n  > ${outputs[i]?.text ?? ''}`);
  const speed = `${made} tokens in ${seconds.toFixed(2)} s, ${tokensPerSecond.toFixed(1)} per second`;
  return {
    json: { outputs, tokensPerSecond, newTokens: made, seconds },
    text: [...texts, speed].join('\n\n'),
  };
}
