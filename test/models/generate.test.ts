import t from 'tap';
import {
  generate,
  streamGenerate,
  type DecodingSession,
  type GeneratedToken,
  type GenerativeModel,
} from '../../lib/models';
import type { Tensor } from '../../lib/torch';
import { torch } from '../device';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const VOCAB = 50;

/** A model that counts upwards from the sum of its prompt; what a batch holds must not matter. */
class Counter implements GenerativeModel {
  readonly eosTokenIds: readonly number[] = [];
  readonly batches: number[] = [];
  open = 0;
  steps = 0;
  /** Rows of every step. */
  readonly rows: number[] = [];

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
        this.rows.push(tokens.length);
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

t.test('a finished sequence leaves its row to the last one', async (t) => {
  const wanted = [[3, 4, 5], [10, 11, 12, 13], [12, 13], [40], [11, 12, 13]];
  const model = new Counter();
  t.same(await generate(model, PROMPTS, { maxNewTokens: 30, eosId: [5, 13, 40] }), wanted);
  t.same(model.rows, [4, 3, 1], 'the batch shrinks');
});

t.test('a model may prepare itself for the whole of it', async (t) => {
  const events: string[] = [];
  class Preparing extends Counter {
    prepareDecoding(work: object): Disposable {
      events.push(JSON.stringify(work));
      return { [Symbol.dispose]: () => void events.push('undone') };
    }
  }
  await generate(new Preparing(), PROMPTS, { maxNewTokens: 4, batchSize: 2 });
  t.same(events.splice(0), ['{"rows":2,"steps":12}', 'undone']);
  await t.rejects(generate(new Preparing(), PROMPTS, { maxNewTokens: 4, signal: AbortSignal.abort() }));
  t.same(events, [], 'not for work that is not begun');
  for await (const { token } of streamGenerate(new Preparing(), PROMPTS, { maxNewTokens: 4 })) if (token === 13) break;
  t.same(events.at(-1), 'undone', 'nor is it left so when the loop is left');
});

t.test('a stream gives the same tokens one by one, and says which is the last', async (t) => {
  const model = new Counter();
  const pieces: GeneratedToken[] = [];
  for await (const piece of streamGenerate(model, PROMPTS, { maxNewTokens: 3, batchSize: 2, eosId: 11 })) {
    t.equal(model.open, 1, 'while the work goes on');
    pieces.push(piece);
  }
  t.equal(model.open, 0);
  const of = (prompt: number) => pieces.filter((piece) => piece.prompt === prompt);
  t.same(
    of(1).map(({ token, last }) => [token, last]),
    [
      [10, false],
      [11, true],
    ],
  );
  t.same(
    of(3).map(({ token, last }) => [token, last]),
    [
      [40, false],
      [41, false],
      [42, true],
    ],
  );
  t.same(pieces.filter(({ last }) => last).length, PROMPTS.length);
  const left = streamGenerate(model, PROMPTS, { maxNewTokens: 1000 });
  for await (const { token } of left) if (token === 20) break;
  t.equal(model.open, 0, 'leaving the loop disposes of the session');
  const abort = new AbortController();
  const seen: number[] = [];
  await t.rejects(
    async () => {
      for await (const { token } of streamGenerate(model, [[1]], { maxNewTokens: 99, signal: abort.signal })) {
        seen.push(token);
        if (token === 4) abort.abort(new Error('enough'));
      }
    },
    { message: 'enough' },
  );
  t.same(seen, [1, 2, 3, 4], 'what came before the abort was handed out');
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
  for (const [texts, came] of [
    ['x', '"x"'],
    [[['a']], '["a"]'],
    [[1, 2], '1'],
    [undefined, 'nothing'],
  ] as const) {
    const message = `generate: prompts are arrays of token ids (tokenizer.encode gives one), in an array, got ${came}`;
    await t.rejects(run(texts as unknown as number[][], {}), { name: 'TypeError', message });
  }
  await t.rejects(run([[1], []], {}), { name: 'RangeError', message: 'generate: prompt 1 is empty' });
  await t.rejects(run([[1]], { maxNewTokens: 1.5 }), {
    message: /maxNewTokens must be a whole number of 0 or more, got 1.5/,
  });
  await t.rejects(run([[1]], { batchSize: 0 }), { message: /batchSize must be a whole number of 1 or more, got 0/ });
  for (const [sampling, message] of [
    [{ temperature: 0 }, 'generate: temperature must be a number above 0, got 0; greedy takes none'],
    [{ topK: 0 }, 'generate: topK must be a whole number of 1 or more, got 0'],
    [{ topP: 1.5 }, 'generate: topP must be from 0 to 1, got 1.5'],
    [{ seed: -1 }, 'generate: seed must be a whole number of 0 or more, got -1'],
  ] as const) {
    await t.rejects(run([[1]], { sampling }), { name: 'RangeError', message });
  }
  await t.rejects(run([[1]], { repetitionPenalty: 0 }), {
    message: 'generate: repetitionPenalty must be a number above 0, got 0',
  });
  t.same(await run([], {}), []);
  t.same(await run([[1]], { maxNewTokens: 0 }), [[]]);
});
