/** Greedy answers to 250 prompts, 75 tokens each, 32 side by side: tokens a second and peak memory. */
import { generate } from '../../lib/models';
import { milliseconds, resetPeak, tell, tellPeak } from './measure';
import { randomModel } from './random-model';
import { BATCH, prompts, sizes } from './workload';

async function main(): Promise<void> {
  const model = randomModel();
  const ids = prompts();
  const options = { batchSize: BATCH, eosId: null };
  await generate(model, ids.slice(0, 2), { ...options, maxNewTokens: 2 });
  resetPeak();
  let outputs: number[][] = [];
  const ms = await milliseconds(async () => {
    outputs = await generate(model, ids, { ...options, maxNewTokens: sizes.newTokens });
  });
  tell('generate.tokens', outputs.flat().length / (ms / 1000), 'tokens/s', 'higher');
  tell('generate.seconds', ms / 1000, 's', 'lower');
  tellPeak('generate.memory');
}

void main();
