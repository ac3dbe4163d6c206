import type { Command } from 'commander';
import { torch } from '../torch';
import { encodePrompts, type LanguageModel } from '../models';
import type { Tokenizer } from '../text';
import { addChatOptions, formatOf, templateOf, warnIfRaw } from './chat-options';
import type { Result } from './command';
import { addModelOptions, loadNamedModel } from './model-options';
import { recordedModel } from './named-model';
import { startProgress } from './progress';
import { readPrompts } from './prompts';
import { table } from './table';

/** Rows of the table per prompt. */
const TOP = 5;

export function define(command: Command): void {
  addModelOptions(command);
  command.requiredOption('--prompts <file>', 'JSON list of texts or of {prompt}');
  addChatOptions(command);
}

/** `soo logits`: what the model thinks comes next after each prompt. */
export async function run(_: readonly string[], options: Readonly<Record<string, unknown>>): Promise<Result> {
  const prompts = readPrompts(String(options.prompts));
  const { model, tokenizer, found } = await loadNamedModel(options);
  const format = formatOf(options, tokenizer);
  const ids = encodePrompts(model, prompts, { format });
  warnIfRaw(format);
  const progress = startProgress('logits', ids.length);
  const logits = ids.map((prompt, i) => {
    const row = lastLogits(model, prompt);
    if (!row.every(Number.isFinite)) throw new Error(`logits: NaN or infinity after prompt ${i}`);
    progress.update(i + 1);
    return row;
  });
  progress.stop();
  const json = { logits, ids, ...recordedModel(found), ...templateOf(format) };
  return { json, text: describe(prompts, logits, tokenizer) };
}

/** Logits of the position after the prompt, [vocab]. */
function lastLogits(model: LanguageModel, prompt: number[]): number[] {
  return torch.scope(() =>
    torch.inferenceMode(() => {
      const ids = torch.tensor(BigInt64Array.from(prompt, BigInt), { shape: [1, prompt.length] }).to(model.device);
      const logits = model.call(ids, { lastTokenOnly: true });
      return logits.to('cpu').to('float64').view([-1]).toArray() as number[];
    }),
  );
}

function describe(prompts: string[], logits: number[][], tokenizer: Tokenizer): string {
  const blocks = prompts.map((prompt, i) => {
    const best = [...(logits[i] ?? []).entries()].sort((a, b) => b[1] - a[1]).slice(0, TOP);
    const rows = best.map(([id, logit]) => [JSON.stringify(tokenizer.token(id) ?? ''), id, logit.toFixed(4)]);
    return `${prompt}\n${table(['next token', 'id', 'logit'], rows)}`;
  });
  return blocks.join('\n\n');
}
