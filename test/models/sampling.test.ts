import t from 'tap';
import { generate, type GenerativeModel } from '../../lib/models';
import { torch } from '../device';
import {
  drawTokens,
  likeliestTokens,
  penalizeRepetition,
  uniformSources,
  warpLogits,
  type SamplingOptions,
} from '../../lib/models/sampling';
import { expected } from '../parity/expected';

torch.setNumThreads(1);

interface Filtered {
  name: string;
  penalty: number | null;
  temperature: number | null;
  topK: number | null;
  topP: number | null;
  /** null: -infinity */
  values: (number | null)[][];
}
// Made by test/parity/make_generation.py with transformers' own processors.
const { filters } = expected<{ filters: { logits: number[][]; seen: number[][]; cases: Filtered[] } }>('generation');

t.test("filters give transformers' logits", async (t) => {
  for (const { name, penalty, values, ...rest } of filters.cases) {
    const options = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null)) as SamplingOptions;
    const logits = torch.tensor(filters.logits, { dtype: 'float32' });
    const penalized = penalty === null ? logits : penalizeRepetition(logits, filters.seen, penalty);
    const made = (warpLogits(penalized, options).toArray() as number[][]).flat();
    const wanted = values.flat().map((value) => value ?? -Infinity);
    const far = made.map((value, i) => (value === wanted[i] ? 0 : Math.abs(value - wanted[i])));
    t.ok(Math.max(...far) < 1e-6, `${name}: ${Math.max(...far)}`);
  }
});

t.test('the penalty takes rows of different lengths, each its own tokens only', async (t) => {
  const logits = torch
    .tensor([
      [2, 2, -2],
      [2, 2, -2],
    ])
    .to('float32');
  const rows = [[0, 2, 2, 0], [1]];
  t.same(penalizeRepetition(logits, rows, 2).toArray(), [
    [1, 2, -4],
    [2, 1, -2],
  ]);
});

t.test('a token is drawn where its cumulative probability is reached', async (t) => {
  const scores = torch.tensor([[Math.log(0.2), -Infinity, Math.log(0.5), Math.log(0.3)]]).to('float32');
  const drawn = [0, 0.19, 0.21, 0.69, 0.71, 1 - 2 ** -53].map((uniform) => drawTokens(scores, [uniform])[0]);
  t.same(drawn, [0, 0, 2, 2, 3, 3], 'and never one of probability 0');
  t.throws(() => drawTokens(torch.tensor([[0], [NaN]]).to('float32'), [0, 0]), /NaN or infinity \(row 1/);
  t.throws(() => likeliestTokens(torch.tensor([[0, NaN, 1]]).to('float32')), /NaN or infinity \(row 0/);
});

/** Gives the same logits whatever comes in. */
function fixed(row: number[]): GenerativeModel {
  const logits = (rows: number) => torch.tensor([row]).to('float32').expand([rows, row.length]);
  return {
    eosTokenIds: [],
    startDecoding: (prompts) => ({
      prefill: () => logits(prompts.length),
      step: (tokens) => logits(tokens.length),
      drop: () => undefined,
      dispose: () => undefined,
    }),
  };
}

t.test('tokens come with the probabilities that softmax of the filtered logits gives', async (t) => {
  const row = [1.5, 0.3, -0.7, 2.1, 0.9, -3];
  // Upper 0.1% points of chi-square with 1 to 5 degrees of freedom.
  const bounds = [NaN, 10.83, 13.82, 16.27, 18.47, 20.52];
  for (const [options, kept] of [
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ temperature: 2.5 }, [0, 1, 2, 3, 4, 5]],
    [{ topK: 3 }, [0, 3, 4]],
    [{ topP: 0.7 }, [0, 3]],
  ] as [SamplingOptions, number[]][]) {
    const sampling = { ...options, seed: 11 };
    const prompts = Array.from({ length: 40 }, () => [0]);
    const tokens = (await generate(fixed(row), prompts, { maxNewTokens: 100, sampling })).flat();
    const weights = row.map((x, i) => (kept.includes(i) ? Math.exp(x / (options.temperature ?? 1)) : 0));
    const total = weights.reduce((a, b) => a + b);
    let chi = 0;
    for (const [id, weight] of weights.entries()) {
      const [seen, wanted] = [tokens.filter((token) => token === id).length, (tokens.length * weight) / total];
      if (weight === 0) t.equal(seen, 0, `${JSON.stringify(options)}: ${id} is filtered out`);
      else chi += (seen - wanted) ** 2 / wanted;
    }
    t.ok(chi < bounds[kept.length - 1], `${JSON.stringify(options)}: chi-square ${chi.toFixed(1)}`);
  }
});

t.test('the same seed draws the same tokens, whatever the batch and whatever follows', async (t) => {
  const model = fixed(Array.from({ length: 50 }, () => 0));
  const prompts = [[1], [2, 2], [3], [4, 4, 4], [5]];
  const run = (seed: number | undefined, batchSize: number, count = 5, maxNewTokens = 20) =>
    generate(model, prompts.slice(0, count), { maxNewTokens, batchSize, sampling: { seed } });
  const drawn = await run(7, 5);
  t.same(await run(7, 5), drawn);
  t.same(await run(7, 1), drawn, 'one at a time');
  t.same(await run(7, 2, 3), drawn.slice(0, 3), 'fewer prompts');
  t.same(
    await run(7, 3, 5, 8),
    drawn.map((ids) => ids.slice(0, 8)),
    'fewer tokens',
  );
  t.not(String(await run(8, 5)), String(drawn), 'another seed, other tokens');
  t.equal(new Set(drawn.map(String)).size, 5, 'each prompt draws its own');
  t.same(await run(undefined, 5), await run(0, 5), 'without a seed it is 0');
  t.equal(uniformSources(1, 3).length, 3);
});

t.test('with a seed for each prompt its answer depends on that alone', async (t) => {
  const model = fixed(Array.from({ length: 50 }, () => 0));
  const run = (seed: number[]) =>
    generate(model, seed.map((_, i) => [i]), { maxNewTokens: 20, batchSize: 2, sampling: { seed } }); // prettier-ignore
  const [one, two, three] = await run([5, 6, 7]);
  t.same(await run([7, 5]), [three, one]);
  t.same(await run([6, 6]), [two, two]);
  await t.rejects(
    generate(model, [[1]], { maxNewTokens: 1, sampling: { seed: [1, 2] } }),
    /1 prompts need as many seeds, got 2/,
  );
  await t.rejects(run([1, -1]), /seed must be a whole number of 0 or more, got -1/);
});

t.test('a penalty works on greedy choice too, and the prompt counts', async (t) => {
  const model = fixed([5, 4.9, 4.8, -1]);
  t.same(await generate(model, [[0]], { maxNewTokens: 4 }), [[0, 0, 0, 0]]);
  t.same(await generate(model, [[0]], { maxNewTokens: 4, repetitionPenalty: 1.05 }), [[1, 2, 0, 0]]);
});
