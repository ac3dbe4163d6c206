/** Generates in a process of its own, so that time and peak memory are the generation's: `generation.ts` starts it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generate, loadModel } from '../lib/models';
import { sharedPrefix } from '../lib/models/cached-decoding';
import { torch, type DType } from '../lib/torch';

async function main(): Promise<void> {
  const [folder, promptsFile, idsFile, adapter, dtype, ...numbers] = process.argv.slice(2);
  const [batchSize, limit, maxNewTokens] = numbers.map(Number);
  torch.setNumThreads(1);
  const model = loadModel(folder, { dtype: dtype as DType });
  if (adapter) (require('../lib/peft') as typeof import('../lib/peft')).loadLora(model, adapter);
  const prompts = JSON.parse(readFileSync(promptsFile, 'utf8')) as { prompt: string }[];
  const ids = prompts.slice(0, limit).map(({ prompt }) => model.tokenizer?.encode(prompt) ?? []);
  const before = process.cpuUsage();
  const outputs = await generate(model, ids, { maxNewTokens, batchSize, eosId: null });
  const { user, system } = process.cpuUsage(before);
  writeFileSync(idsFile, JSON.stringify(outputs));
  const tokensPerSecond = outputs.flat().length / ((user + system) / 1e6);
  // What all prompts begin with is computed once.
  const promptTokens = ids.flat().length - sharedPrefix(ids) * (ids.length - 1);
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ tokensPerSecond, peakMb, promptTokens, seconds: (user + system) / 1e6 }));
}

void main();
