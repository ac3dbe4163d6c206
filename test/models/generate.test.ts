import t from 'tap';
import { generate, type DecodingSession, type GenerativeModel } from '../../lib/models';
import { torch, type Tensor } from '../../lib/torch';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const VOCAB = 50;

/** A model that counts upwards from the sum of its prompt; what a batch holds must not matter. */
class Counter implements GenerativeModel {
  readonly eosTokenIds: readonly number[] = [];
  readonly batches: number[] = [];
  open = 0;
  steps = 0;

  startDecoding(prompts: readonly (readonly number[])[]): DecodingSession {
    this.batches.push(prompts.length);
    this.open++;
    const logits = (tokens: readonly number[]): Tensor => {
      const rows = tokens.map((token) => Array.from({ length: VOCAB }, (_, i) => (i === token % VOCAB ? 1 : 0)));
      return torch.tensor(rows, { dtype: 'float32' });
    };
    return {
      prefill: () => logits(prompts.map((prompt) => prompt.reduce((sum, id) => sum + id, 0))),
      step: (tokens) => {
        this.steps++;
        return logits(tokens.map((token) => token + 1));
      },
      drop: () => undefined,
      dispose: () => void this.open--,
    };
  }
}

const PROMPTS = [[1, 2], [10], [3, 3, 3, 3], [40], [5, 6]];

t.test("each prompt gets its own continuation, in the prompts' order, whatever the batch size", async (t) => {
  const wanted = [3, 10, 12, 40, 11].map((start) => [0, 1, 2, 3].map((i) => start + i));
  for (const batchSize of [1, 2, 3, 5, 100]) {
    const model = new Counter();
    t.same(await generate(model, PROMPTS, { maxNewTokens: 4, batchSize }), wanted, `batches of ${batchSize}`);
    t.same(model.batches.length, Math.ceil(5 / batchSize));
    t.equal(model.open, 0, 'every session was disposed of');
  }
});

t.test('a sequence stops after its stop token, and the batch when all have', async (t) => {
  const model = new Counter();
  const outputs = await generate(model, PROMPTS, { maxNewTokens: 30, eosId: [13, 41] });
  t.same(outputs[0], [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  t.same(outputs[1], [10, 11, 12, 13]);
  t.same(outputs[3], [40, 41]);
  t.equal(model.steps, 10, 'no step is run for nothing');
  const own = new (class extends Counter {
    override readonly eosTokenIds = [11];
  })();
  t.same(await generate(own, [[10]], { maxNewTokens: 5 }), [[10, 11]], "by default the model's own");
  t.same(await generate(own, [[10]], { maxNewTokens: 3, eosId: null }), [[10, 11, 12]], 'null never stops');
  t.same(await generate(own, [[11]], { maxNewTokens: 3 }), [[11]], 'the first token may be the last');
});

t.test('tokens are reported as they come', async (t) => {
  const seen: [number, number][] = [];
  await generate(new Counter(), [[1], [5, 5]], {
    maxNewTokens: 2,
    onToken: (prompt, token) => seen.push([prompt, token]),
  });
  t.same(seen.sort(), [
    [0, 1],
    [0, 2],
    [1, 10],
    [1, 11],
  ]);
});

t.test('a signal stops it between tokens', async (t) => {
  const model = new Counter();
  const abort = new AbortController();
  const run = generate(model, PROMPTS, {
    maxNewTokens: 1000,
    signal: abort.signal,
    onToken: (_, token) => token === 20 && setImmediate(() => abort.abort(new Error('enough'))),
  });
  await t.rejects(run, { message: 'enough' });
  t.ok(model.steps < 20, `${model.steps} steps`);
  t.equal(model.open, 0, 'and the session is disposed of');
  await t.rejects(generate(model, PROMPTS, { maxNewTokens: 1, signal: AbortSignal.abort() }), { name: 'AbortError' });
});

t.test('numbers that make no sense are refused', async (t) => {
  const run = (ids: number[][], options: object) => generate(new Counter(), ids, { maxNewTokens: 1, ...options });
  await t.rejects(run([[1], []], {}), { name: 'RangeError', message: 'generate: prompt 1 is empty' });
  await t.rejects(run([[1]], { maxNewTokens: 1.5 }), {
    message: /maxNewTokens must be a whole number of 0 or more, got 1.5/,
  });
  await t.rejects(run([[1]], { batchSize: 0 }), { message: /batchSize must be a whole number of 1 or more, got 0/ });
  t.same(await run([], {}), []);
  t.same(await run([[1]], { maxNewTokens: 0 }), [[]]);
});
