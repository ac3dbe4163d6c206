/**
 * How often decoding waits for the device to tell a value. On a processor that costs nothing; on an accelerator each
 * wait stops the queue.
 */
import t from 'tap';
import { generate } from '../../lib/models';
import { onCpu, torch } from '../device';
import { readBacks } from '../read-backs';
import { FAMILIES, tinyOf } from './tiny-families';

torch.setNumThreads(1);

const PROMPTS = [
  [1, 5, 9, 12],
  [1, 7],
  [1, 3, 3],
];
const NEW_TOKENS = 4;
/** Of what is told of a row: its token, and the number that goes with it. */
const BYTES_OF_ROW = 16;

t.test('decoding reads one small tensor a step, padded or not', async (t) => {
  for (const family of FAMILIES) {
    const model = tinyOf(family);
    for (const prompts of [PROMPTS, PROMPTS.slice(0, 1)]) {
      const rows = prompts.length;
      const options = { maxNewTokens: NEW_TOKENS, eosId: null };
      const greedy = await readBacks(() => generate(model, prompts, options));
      t.equal(greedy.count, NEW_TOKENS, `${family}, ${rows} prompts, greedy`);
      t.ok(greedy.bytes <= NEW_TOKENS * rows * BYTES_OF_ROW, `${greedy.bytes} bytes`);
      const drawn = await readBacks(() =>
        generate(model, prompts, { ...options, sampling: { seed: [4, 5, 6].slice(0, rows) } }),
      );
      // The uniform numbers are drawn on the processor, one for each token, which is no waiting.
      t.equal(drawn.count, NEW_TOKENS * (onCpu ? 1 + rows : 1), 'drawn');
      t.comment(`read-backs of a decoding step: ${Math.max(greedy.count, onCpu ? 0 : drawn.count) / NEW_TOKENS}`);
    }
  }
});
