/** One token more: milliseconds of a decoding step for 1 and for 32 sequences, after prompts of 128 tokens. */
import { streamGenerate } from '../../lib/models';
import { graphReplays } from '../../lib/torch';
import { device, median, tell } from './measure';
import { randomModel } from './random-model';
import { BATCH, decodingPrompts, sizes } from './workload';

async function main(): Promise<void> {
  const model = randomModel();
  for (const rows of [1, BATCH]) {
    const times: number[] = [];
    const before = graphReplays();
    let last = performance.now();
    const options = { maxNewTokens: sizes.decode, batchSize: rows, eosId: null };
    for await (const { prompt } of streamGenerate(model, decodingPrompts(rows), options)) {
      if (prompt !== 0) continue;
      times.push(performance.now() - last);
      last = performance.now();
    }
    device().synchronize();
    tell(`decode.batch-${rows}.first-token`, times[0], 'ms', 'lower');
    tell(`decode.batch-${rows}`, median(times.slice(1)), 'ms a step', 'lower');
    tell(`decode.batch-${rows}.graph-replays`, graphReplays() - before, 'steps');
  }
}

void main();
